//! An echo server on tokio-tungstenite, as its own example has it.

use std::future;

use futures_util::{StreamExt, TryStreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Error;

fn main() {
    rust_servers::run(|stream| async {
        // A client that breaks off is no news.
        let _ = echo(stream).await;
    });
}

async fn echo(stream: TcpStream) -> Result<(), Error> {
    let (write, read) = accept_async(stream).await?.split();
    read.try_filter(|message| future::ready(message.is_text() || message.is_binary()))
        .forward(write)
        .await
}
