//! Being told to end.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The worker's wish to end, however it comes about.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    asked: CancellationToken,
}

impl Shutdown {
    /// A shutdown that SIGTERM or SIGINT asks for. A second signal ends the process at once, with
    /// status 1; what is in flight then is read again by the next worker.
    ///
    /// Fails where signals can't be listened to.
    pub fn on_signals() -> std::io::Result<Self> {
        let shutdown = Self::default();
        let asked = shutdown.asked.clone();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::spawn(async move {
            for times in 1.. {
                let name = tokio::select! {
                    _ = terminate.recv() => "SIGTERM",
                    _ = interrupt.recv() => "SIGINT",
                };
                if times > 1 {
                    tracing::warn!(signal = name, "second signal; leaving at once");
                    std::process::exit(1);
                }
                tracing::info!(signal = name, "draining");
                asked.cancel();
            }
        });
        Ok(shutdown)
    }

    /// Asks for it.
    pub fn ask(&self) {
        self.asked.cancel();
    }

    /// Whether it was asked for.
    pub fn is_asked(&self) -> bool {
        self.asked.is_cancelled()
    }

    /// Waits until it is asked for.
    pub async fn asked(&self) {
        self.asked.cancelled().await;
    }
}
