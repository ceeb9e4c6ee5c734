//! The document type, as html5ever's own tokenizer reads it: a page has one.

use std::cell::RefCell;

use html5ever::buffer_queue::BufferQueue;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{Doctype, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

/// What stands between `<!doctype` and its `>`, both included where the page has them.
pub(super) fn read(text: &str) -> Option<Doctype> {
    let tokenizer = Tokenizer::new(Found::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(text));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner()
}

#[derive(Default)]
struct Found(RefCell<Option<Doctype>>);

impl TokenSink for Found {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        if let Token::DoctypeToken(doctype) = token {
            self.0.replace(Some(doctype));
        }
        TokenSinkResult::Continue
    }
}
