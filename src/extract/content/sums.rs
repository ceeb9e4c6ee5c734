//! Sums of what blocks hold, for any element at the price of one subtraction.

use crate::extract::page::{Block, Page};

/// Sums over blocks from the first on, so that each scope's sum is a difference.
pub(super) struct Sums(Vec<usize>);

impl Sums {
    /// Sums this value of each block.
    pub(super) fn of(page: &Page<'_>, value: impl Fn(&Block) -> usize) -> Self {
        let mut sum = 0;
        let mut sums = Vec::with_capacity(page.blocks.len() + 1);
        sums.push(0);
        for block in &page.blocks {
            sum += value(block);
            sums.push(sum);
        }
        Self(sums)
    }

    /// The sum over some blocks, wherever they stand.
    pub(super) fn between(&self, blocks: std::ops::Range<usize>) -> usize {
        let last = self.0.len().saturating_sub(1);
        let at = |index: usize| self.0.get(index.min(last)).copied().unwrap_or_default();
        at(blocks.end).saturating_sub(at(blocks.start))
    }

    /// The sum over the blocks of a scope.
    pub(super) fn of_scope(&self, page: &Page<'_>, scope: usize) -> usize {
        let Some(scope) = page.scopes.get(scope) else { return 0 };
        let at = |index: usize| self.0.get(index).copied().unwrap_or_default();
        at(scope.blocks.end).saturating_sub(at(scope.blocks.start))
    }

    /// The sum over all blocks.
    pub(super) fn total(&self) -> usize {
        self.0.last().copied().unwrap_or_default()
    }
}
