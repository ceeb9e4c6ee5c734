//! The elements that rules ask for, as a small number each.

/// An element by its name, as far as any rule tells names apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    Html,
    Body,
    P,
    Heading(u8),
    Li,
    List,
    Dl,
    Dt,
    Dd,
    Table,
    Row,
    Cell,
    Blockquote,
    Pre,
    Div,
    Article,
    Main,
    Section,
    Aside,
    Nav,
    Header,
    Footer,
    Figure,
    Figcaption,
    Form,
    Details,
    Noscript,
    Dialog,
    Address,
    Br,
    A,
    Bold,
    Span,
    Time,
    Img,
    Button,
    Input,
    Meta,
    Link,
    Title,
    Script,
    /// Never read, neither itself nor what is in it.
    Skipped,
    /// Any other element that stands within a line.
    Inline,
    /// Any other element that breaks the line.
    Block,
}

impl Tag {
    /// The tag of the element with this name.
    pub(super) fn named(name: &str) -> Self {
        match name {
            "html" => Self::Html,
            "body" => Self::Body,
            "p" => Self::P,
            "h1" => Self::Heading(1),
            "h2" => Self::Heading(2),
            "h3" => Self::Heading(3),
            "h4" => Self::Heading(4),
            "h5" => Self::Heading(5),
            "h6" => Self::Heading(6),
            "li" => Self::Li,
            "ul" | "ol" | "menu" | "dir" => Self::List,
            "dl" => Self::Dl,
            "dt" => Self::Dt,
            "dd" => Self::Dd,
            "table" => Self::Table,
            "tr" => Self::Row,
            "td" | "th" => Self::Cell,
            "blockquote" => Self::Blockquote,
            "pre" | "listing" | "xmp" | "plaintext" => Self::Pre,
            "div" => Self::Div,
            "article" => Self::Article,
            "main" => Self::Main,
            "section" => Self::Section,
            "aside" => Self::Aside,
            "nav" => Self::Nav,
            "header" => Self::Header,
            "footer" => Self::Footer,
            "figure" => Self::Figure,
            "figcaption" => Self::Figcaption,
            "form" => Self::Form,
            "details" => Self::Details,
            "noscript" => Self::Noscript,
            "dialog" => Self::Dialog,
            "address" => Self::Address,
            "br" => Self::Br,
            "a" => Self::A,
            "b" | "strong" => Self::Bold,
            "span" | "font" => Self::Span,
            "time" => Self::Time,
            "img" | "amp-img" => Self::Img,
            "button" => Self::Button,
            "input" => Self::Input,
            "meta" => Self::Meta,
            "link" => Self::Link,
            "title" => Self::Title,
            "script" => Self::Script,
            "style" | "svg" | "math" | "template" | "iframe" | "object" | "select" | "textarea" | "canvas"
            | "video" | "audio" | "embed" | "applet" | "map" | "frameset" | "datalist" => Self::Skipped,
            "i" | "em" | "u" | "s" | "small" | "big" | "sub" | "sup" | "abbr" | "acronym" | "cite" | "code" | "q"
            | "mark" | "label" | "bdi" | "bdo" | "ruby" | "rb" | "rt" | "rp" | "wbr" | "ins" | "del" | "kbd"
            | "samp" | "var" | "tt" | "nobr" | "data" | "dfn" | "strike" | "picture" | "source" | "base" => {
                Self::Inline
            }
            _ => Self::Block,
        }
    }

    /// A number of its own.
    pub(super) fn number(self) -> u64 {
        match self {
            Self::Heading(level) => 100 + u64::from(level),
            Self::Html => 1,
            Self::Body => 2,
            Self::P => 3,
            Self::Li => 4,
            Self::List => 5,
            Self::Dl | Self::Dt | Self::Dd => 6,
            Self::Table | Self::Row => 7,
            Self::Cell => 8,
            Self::Blockquote => 9,
            Self::Pre => 10,
            Self::Div => 11,
            Self::Article => 12,
            Self::Main => 13,
            Self::Section => 14,
            Self::Aside => 15,
            Self::Nav => 16,
            Self::Header => 17,
            Self::Footer => 18,
            Self::Figure | Self::Figcaption => 19,
            Self::Form => 20,
            Self::A => 21,
            Self::Span | Self::Bold | Self::Inline => 22,
            _ => 23,
        }
    }

    /// Whether it stands within a line of text, rather than breaking it.
    pub(super) fn is_inline(self) -> bool {
        matches!(
            self,
            Self::A | Self::Bold | Self::Span | Self::Time | Self::Img | Self::Input | Self::Inline | Self::Br
        )
    }
}
