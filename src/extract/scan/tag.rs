//! Tags and their attributes, as the tokenizer reads them (HTML Standard, 13.2.5.8 and 13.2.5.32 to 40).

/// An attribute, as it stands in the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attribute<'a> {
    pub(super) name: &'a str,
    /// Between its quotes; character references are as written.
    pub(super) value: &'a str,
}

/// The attributes of a tag, in its order.
#[derive(Debug, Clone)]
pub(super) struct Attributes<'a> {
    text: &'a str,
    at: usize,
    end: Option<(usize, bool)>,
}

/// The name that begins at `at`, and the attributes behind it.
pub(super) fn read(text: &str, at: usize) -> (&str, Attributes<'_>) {
    let bytes = text.as_bytes().get(at..).unwrap_or_default();
    let length = bytes.iter().position(|byte| is_space(*byte) || matches!(byte, b'/' | b'>')).unwrap_or(bytes.len());
    (text.get(at..at + length).unwrap_or_default(), Attributes { text, at: at + length, end: None })
}

/// White space between attributes; a carriage return becomes a line feed before the tokenizer sees it.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c')
}

impl<'a> Attributes<'a> {
    /// Behind the tag's `>`, and whether a slash closed it, once all attributes were read; `None` where the page's end
    /// cuts the tag.
    pub(super) fn end(&self) -> Option<(usize, bool)> {
        self.end
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_spaces(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
    }

    /// Goes on behind the next byte that `ends`, and gives what stands before it; `None` at the page's end.
    fn until(&mut self, ends: impl Fn(u8) -> bool) -> Option<&'a str> {
        let bytes = self.text.as_bytes().get(self.at..)?;
        let length = bytes.iter().position(|byte| ends(*byte))?;
        let part = self.text.get(self.at..self.at + length);
        self.at += length;
        part
    }

    fn quoted(&mut self, quote: u8) -> Option<&'a str> {
        self.at += 1;
        let length = memchr::memchr(quote, self.text.as_bytes().get(self.at..)?)?;
        let value = self.text.get(self.at..self.at + length);
        self.at += length + 1;
        value
    }

    fn close(&mut self, slash: bool) -> Option<Attribute<'a>> {
        self.at += 1;
        self.end = Some((self.at, slash));
        None
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Attribute<'a>> {
        if self.end.is_some() {
            return None;
        }
        loop {
            self.skip_spaces();
            match self.peek()? {
                b'>' => return self.close(false),
                b'/' => {
                    self.at += 1;
                    if self.peek()? == b'>' {
                        return self.close(true);
                    }
                }
                _ => break,
            }
        }
        // An equals sign that begins a name belongs to it.
        let start = self.at;
        self.at += self.text.get(start..)?.chars().next()?.len_utf8();
        self.until(|byte| is_space(byte) || matches!(byte, b'/' | b'>' | b'='))?;
        let name = self.text.get(start..self.at)?;
        self.skip_spaces();
        if self.peek()? != b'=' {
            return Some(Attribute { name, value: "" });
        }
        self.at += 1;
        self.skip_spaces();
        match self.peek()? {
            quote @ (b'"' | b'\'') => Some(Attribute { name, value: self.quoted(quote)? }),
            b'>' => Some(Attribute { name, value: "" }),
            _ => Some(Attribute { name, value: self.until(|byte| is_space(byte) || byte == b'>')? }),
        }
    }
}
