//! TLS 1.3, client side.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{self, CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::version::TLS13;
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme};

use crate::failure::{Failure, Outcome};

/// Bytes taken by one read from the socket: two records of the greatest length.
const READ_LEN: usize = 32 * 1024;

/// What all sessions of a run have in common.
#[derive(Clone)]
pub struct Tls(Arc<ClientConfig>);

impl Tls {
    /// TLS 1.3 and nothing older; each handshake is a full one.
    pub fn new() -> Outcome<Self> {
        let provider = Arc::new(ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[&TLS13])
            .map_err(|error| Failure::new(format!("TLS: {error}")))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        Ok(Self(Arc::new(config)))
    }

    /// Puts a session on a connection. The handshake runs as a part of reading.
    pub fn wrap(&self, socket: TcpStream) -> Outcome<TlsStream> {
        let name = ServerName::from(IpAddr::from(Ipv4Addr::LOCALHOST));
        let session = ClientConnection::new(self.0.clone(), name)
            .map_err(|error| Failure::new(format!("TLS: {error}")))?;
        Ok(TlsStream {
            socket,
            session,
            received: vec![0; READ_LEN].into_boxed_slice(),
            start: 0,
            end: 0,
        })
    }
}

/// A TLS session on a socket that blocks or does not.
///
/// - What is written leaves with the next write or flush. The caller flushes;
///   when that would block, it does so again as soon as the socket is writable.
/// - A read takes all that one read from the socket brings, so that whoever
///   waits for the socket misses nothing, if the buffer has room for it
///   ([`crate::connection::READ_LEN`] has).
pub struct TlsStream {
    socket: TcpStream,
    session: ClientConnection,
    /// Ciphertext; what is between `start` and `end` is still to be decrypted.
    received: Box<[u8]>,
    start: usize,
    end: usize,
}

impl TlsStream {
    pub fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// Decrypts as much of what was received as the session takes.
    fn decrypt(&mut self) -> io::Result<()> {
        let mut ciphertext = &self.received[self.start..self.end];
        self.start += self.session.read_tls(&mut ciphertext)?;
        self.session
            .process_new_packets()
            .map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
        // The handshake has something to say, or what waited for its end may leave.
        match self.flush() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            outcome => outcome,
        }
    }
}

impl Read for TlsStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut len = 0;
        loop {
            match self.session.reader().read(&mut buffer[len..]) {
                // The peer will send no more, or the buffer is full.
                Ok(0) => return Ok(len),
                Ok(count) => len += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            if self.start == self.end {
                if len > 0 {
                    return Ok(len);
                }
                let count = self.socket.read(&mut self.received)?;
                if count == 0 {
                    return Ok(0);
                }
                (self.start, self.end) = (0, count);
            }
            self.decrypt()?;
        }
    }
}

impl Write for TlsStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The session holds a bounded amount, and says that it is full by taking nothing.
        if !self.session.is_handshaking() {
            self.flush()?;
        }
        self.session.writer().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        while self.session.wants_write() {
            self.session.write_tls(&mut self.socket)?;
        }
        Ok(())
    }
}

impl AsFd for TlsStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Takes any certificate: the peer is a process that this run started, and it
/// signed its own. The signature of the handshake is verified as ever, so that
/// the sessions are ordinary ones.
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not offered".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

impl fmt::Debug for AnyCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnyCertificate")
    }
}
