//! How much, how long, how often.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use tokio::sync::Semaphore;

use crate::clock;
use crate::connection::Peer;

/// Bytes of a request's body: a form, or the text of a workflow to import.
pub const BODY_BYTES_MAX: usize = 256 * 1_024;
/// How long a page or a form may take; the database gives up before.
pub const REQUEST_MAX: Duration = Duration::from_secs(30);
/// Live streams at a time: each holds a socket and a little memory. Twice as many as `bench fan-out` opens within its gate.
pub const STREAMS_MAX: usize = 10_000;
/// Downloads at a time: each holds its file in memory.
pub const DOWNLOADS_MAX: usize = 8;

/// Attempts to sign in from one address: three at once, then one in twenty seconds (ASVS 6.3.1).
const SIGN_IN_BURST: f64 = 3.0;
const SIGN_IN_PER_S: f64 = 3.0 / 60.0;
/// Attempts at one account, from wherever: a person never needs them, a botnet is slowed down.
const ACCOUNT_BURST: f64 = 30.0;
const ACCOUNT_PER_S: f64 = 1_800.0 / 3_600.0;
/// Invitations taken from one address.
const REGISTRATION_BURST: f64 = 3.0;
const REGISTRATION_PER_S: f64 = 3.0 / 3_600.0;
/// Callers remembered by one kind of limit; beyond it those long unheard of are forgotten, and if none is, everybody waits.
const CALLERS_MAX: usize = 20_000;

/// Every limit that remembers.
pub struct Limits {
    /// Signing in, by address.
    pub sign_in: Buckets<IpAddr>,
    /// Signing in, by account.
    pub account: Buckets<String>,
    /// Taking an invitation, by address.
    pub registration: Buckets<IpAddr>,
    /// Live streams open.
    pub streams: Arc<Semaphore>,
    /// Downloads under way.
    pub downloads: Arc<Semaphore>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sign_in: Buckets::new(SIGN_IN_BURST, SIGN_IN_PER_S),
            account: Buckets::new(ACCOUNT_BURST, ACCOUNT_PER_S),
            registration: Buckets::new(REGISTRATION_BURST, REGISTRATION_PER_S),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            downloads: Arc::new(Semaphore::new(DOWNLOADS_MAX)),
        }
    }
}

/// A token bucket for each caller: `burst` at once, then `per_s` a second.
pub struct Buckets<K> {
    burst: f64,
    per_s: f64,
    buckets: Mutex<HashMap<K, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl<K: Eq + Hash> Buckets<K> {
    fn new(burst: f64, per_s: f64) -> Self {
        Self { burst, per_s, buckets: Mutex::new(HashMap::new()) }
    }

    /// Takes one. The error says how many seconds to wait for the next.
    pub fn take(&self, caller: K) -> Result<(), u64> {
        self.take_at(caller, clock::instant())
    }

    /// Gives one back: it was no attempt after all.
    pub fn give_back(&self, caller: &K) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = buckets.get_mut(caller) {
            bucket.left = (bucket.left + 1.0).min(self.burst);
        }
    }

    fn take_at(&self, caller: K, now: Instant) -> Result<(), u64> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= CALLERS_MAX && !buckets.contains_key(&caller) {
            buckets.retain(|_, bucket| self.level(*bucket, now) < self.burst);
            if buckets.len() >= CALLERS_MAX {
                return Err(wait(1.0, self.per_s));
            }
        }
        let bucket = buckets.entry(caller).or_insert(Bucket { left: self.burst, at: now });
        let left = self.level(*bucket, now);
        if left < 1.0 {
            return Err(wait(1.0 - left, self.per_s));
        }
        *bucket = Bucket { left: left - 1.0, at: now };
        Ok(())
    }

    fn level(&self, bucket: Bucket, now: Instant) -> f64 {
        (bucket.left + now.saturating_duration_since(bucket.at).as_secs_f64() * self.per_s).min(self.burst)
    }
}

/// Seconds until that much has flowed in.
fn wait(missing: f64, per_s: f64) -> u64 {
    Duration::try_from_secs_f64(missing / per_s).map_or(u64::MAX, |wait| wait.as_secs() + 1)
}

/// The address a request comes from. What a proxy says counts only if the proxy is known.
pub fn caller(request: &Parts, trusted_proxies: &[IpAddr]) -> IpAddr {
    let unknown = IpAddr::from([0, 0, 0, 0]);
    let peer = request.extensions.get::<ConnectInfo<Peer>>().map_or(unknown, |ConnectInfo(peer)| peer.address.ip());
    if !trusted_proxies.contains(&peer) {
        return peer.to_canonical();
    }
    let said = request.headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<IpAddr> = said.flat_map(|value| value.split(',')).filter_map(|hop| hop.trim().parse().ok()).collect();
    // From the end: each hop was written by the one after it, and the first that is no proxy of ours is the caller.
    hops.into_iter().rev().find(|hop| !trusted_proxies.contains(hop)).unwrap_or(peer).to_canonical()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    #[test]
    fn three_at_once_then_one_in_twenty_seconds() {
        let buckets = Buckets::new(3.0, 3.0 / 60.0);
        let start = clock::instant();
        for _ in 0..3 {
            assert_eq!(buckets.take_at("a", start), Ok(()));
        }
        assert_eq!(buckets.take_at("a", start), Err(21));
        assert_eq!(buckets.take_at("b", start), Ok(()), "others do not wait");
        assert_eq!(buckets.take_at("a", start + Duration::from_secs(21)), Ok(()));
        buckets.give_back(&"a");
        assert_eq!(buckets.take_at("a", start + Duration::from_secs(21)), Ok(()));
    }

    #[test]
    fn only_a_known_proxy_is_believed() {
        let proxy = IpAddr::from([10, 0, 0, 1]);
        let (mut request, ()) = axum::http::Request::new(()).into_parts();
        request.headers.insert("x-forwarded-for", "6.6.6.6, 192.0.2.7, 10.0.0.1".parse().expect("a value"));
        request.extensions.insert(ConnectInfo(Peer::at(SocketAddr::new(proxy, 1))));
        assert_eq!(caller(&request, &[]), proxy);
        assert_eq!(caller(&request, &[proxy]), IpAddr::from([192, 0, 2, 7]));
    }
}
