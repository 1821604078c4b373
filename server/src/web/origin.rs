//! Which addresses are ours.
//!
//! A browser that was tricked by DNS into sending an attacker's page to us says the attacker's name in `Host`; so on the machine's own
//! addresses only the machine's own names count, beside the one an operator configured.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context as _, bail};
use axum::http::Uri;

/// The addresses under which this server may be called.
#[derive(Clone, Debug)]
pub struct Origins {
    addr: SocketAddr,
    public: Option<Public>,
}

#[derive(Clone, Debug)]
struct Public {
    origin: String,
    authority: String,
}

impl Origins {
    /// Of a server on `addr` which the world reaches at `public_url`.
    pub fn new(addr: SocketAddr, public_url: Option<&str>) -> anyhow::Result<Self> {
        let public = public_url.map(Public::parse).transpose()?;
        Ok(Self { addr, public })
    }

    /// How links to this server begin.
    pub fn url(&self) -> String {
        match (&self.public, self.addr.ip().is_unspecified()) {
            (Some(public), _) => public.origin.clone(),
            (None, true) => format!("http://127.0.0.1:{}", self.addr.port()),
            (None, false) => format!("http://{}", self.addr),
        }
    }

    /// Our origin, as the sender of this `Host` must see it. None: that is no name of ours.
    pub fn of_host(&self, host: &str) -> Option<String> {
        let host = host.to_ascii_lowercase();
        if let Some(public) = &self.public
            && public.authority == host
        {
            return Some(public.origin.clone());
        }
        // Reached over the network without a configured name, every name has to do: sessions are behind a password there.
        let any_name = self.public.is_none() && !self.addr.ip().is_loopback();
        (is_loopback(&host) || any_name).then(|| format!("http://{host}"))
    }

    /// Whether a request that came to `own` and says it comes from `origin` comes from a page of ours.
    pub fn is_own(&self, own: &str, origin: &str) -> bool {
        // A proxy may have put another name into `Host`; the origin still names the page.
        origin == own || self.public.as_ref().is_some_and(|public| public.origin == origin)
    }
}

impl Public {
    fn parse(url: &str) -> anyhow::Result<Self> {
        let uri: Uri = url.parse().with_context(|| format!("the public URL {url:?} is no URL"))?;
        let scheme = match uri.scheme_str() {
            Some(scheme @ ("http" | "https")) => scheme,
            _ => bail!("the public URL {url:?} must begin with http:// or https://"),
        };
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            bail!("the public URL {url:?} must be a scheme, a name and perhaps a port, without a path");
        }
        let authority = uri.authority().with_context(|| format!("the public URL {url:?} names no host"))?;
        if authority.as_str().contains('@') {
            bail!("the public URL must not contain a password");
        }
        // Browsers leave a scheme's own port out of `Host` and `Origin`.
        let own_port = if scheme == "https" { 443 } else { 80 };
        let host = authority.host().to_ascii_lowercase();
        let authority = match authority.port_u16() {
            Some(port) if port != own_port => format!("{host}:{port}"),
            _ => host,
        };
        Ok(Self { origin: format!("{scheme}://{authority}"), authority })
    }
}

/// Whether a `Host` names this machine itself, on whatever port (a tunnel may have moved it).
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(addr: &str, public: Option<&str>) -> Origins {
        Origins::new(addr.parse().expect("an address"), public).expect("good")
    }

    #[test]
    fn on_loopback_only_its_own_names_count() {
        let own = origins("127.0.0.1:3000", None);
        assert_eq!(own.of_host("127.0.0.1:3000").as_deref(), Some("http://127.0.0.1:3000"));
        assert_eq!(own.of_host("LOCALHOST:8080").as_deref(), Some("http://localhost:8080"));
        assert_eq!(own.of_host("[::1]:3000").as_deref(), Some("http://[::1]:3000"));
        for rebound in ["evil.example:3000", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1:3000", ""] {
            assert_eq!(own.of_host(rebound), None, "{rebound}");
        }
    }

    #[test]
    fn a_configured_name_counts_beside_them() {
        let own = origins("127.0.0.1:3000", Some("https://Squad.example:443/"));
        assert_eq!(own.url(), "https://squad.example");
        assert_eq!(own.of_host("squad.example").as_deref(), Some("https://squad.example"));
        assert_eq!(own.of_host("evil.squad.example"), None);
        assert!(own.is_own("http://127.0.0.1:3000", "https://squad.example"));
        assert!(!own.is_own("https://squad.example", "http://squad.example"));
    }

    #[test]
    fn a_public_url_is_a_name_and_nothing_more() {
        for bad in [
            "squad.example",
            "ftp://squad.example",
            "https://squad.example/app",
            "https://a:b@squad.example",
            "https://",
        ] {
            assert!(Origins::new("127.0.0.1:1".parse().expect("an address"), Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn on_the_network_without_a_name_every_name_has_to_do() {
        let own = origins("0.0.0.0:3000", None);
        assert_eq!(own.of_host("squad.lan:3000").as_deref(), Some("http://squad.lan:3000"));
        assert_eq!(own.url(), "http://127.0.0.1:3000");
    }
}
