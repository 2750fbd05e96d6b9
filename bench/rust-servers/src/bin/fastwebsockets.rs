//! An echo server on fastwebsockets, as its own example has it.

use fastwebsockets::{FragmentCollector, OpCode, WebSocketError, upgrade};
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;

fn main() {
    rust_servers::run(|stream| async {
        // A client that breaks off is no news.
        let _ = http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service_fn(accept))
            .with_upgrades()
            .await;
    });
}

async fn accept(mut request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, WebSocketError> {
    let (response, connection) = upgrade::upgrade(&mut request)?;
    tokio::task::spawn_local(async {
        let _ = echo(connection).await;
    });
    Ok(response)
}

async fn echo(connection: upgrade::UpgradeFut) -> Result<(), WebSocketError> {
    let mut socket = FragmentCollector::new(connection.await?);
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => socket.write_frame(frame).await?,
            _ => {}
        }
    }
}
