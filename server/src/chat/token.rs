//! Tokens of the chat: JWTs signed with HMAC-SHA256 and the secret of the application (RFC 7519, RFC 7515; `HS256` and nothing else).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// Bytes of a token that are looked at: ours have some two hundred.
const TOKEN_BYTES_MAX: usize = 4096;
/// Seconds by which the clocks of two machines may differ before a token counts as issued in the future.
const CLOCK_SKEW_S: i64 = 5;

/// What a token says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// It speaks for the application itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub server: bool,
    /// It speaks for this user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Seconds since 1970 from which on it does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// Seconds since 1970 at which it was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    /// Seconds since 1970 before which it does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
}

/// Why a token does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// It is no JWT, or is signed in another way.
    #[error("The token is not a JWT signed with HS256.")]
    Malformed,
    /// Its time is over.
    #[error("The token has expired (exp), or was revoked.")]
    Expired,
    /// Its time has not begun.
    #[error("The token is not valid yet (nbf).")]
    NotYetValid,
    /// It was issued in the future.
    #[error("The token is used before it was issued (iat). Compare the clocks of both machines.")]
    UsedBeforeIssued,
    /// It was signed with another secret, or changed.
    #[error("The signature of the token is not that of this application's secret.")]
    BadSignature,
}

impl TokenFault {
    /// The number of it in the dialect.
    pub fn code(self) -> i32 {
        match self {
            TokenFault::Malformed => 5,
            TokenFault::Expired => 40,
            TokenFault::NotYetValid => 41,
            TokenFault::UsedBeforeIssued => 42,
            TokenFault::BadSignature => 43,
        }
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
}

fn mac(secret: &str, message: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(message);
    Some(mac)
}

/// Signs claims.
pub fn sign(secret: &str, claims: &Claims) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims).unwrap_or_default());
    let signed = format!("{header}.{body}");
    // HMAC takes keys of every length; there is nothing to fail.
    let signature = mac(secret, signed.as_bytes()).map(|mac| mac.finalize().into_bytes()).unwrap_or_default();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A token of the application itself. It does not expire: it never leaves the process that made it.
pub fn for_server(secret: &str) -> String {
    sign(secret, &Claims { server: true, ..Claims::default() })
}

/// A token of one user, issued `now` and counting until `until`; revocation asks when it was issued.
pub fn for_user(secret: &str, user: &str, now: Timestamp, until: Option<Timestamp>) -> String {
    let claims = Claims {
        user_id: Some(user.to_owned()),
        exp: until.map(Timestamp::as_second),
        iat: Some(now.as_second()),
        ..Claims::default()
    };
    sign(secret, &claims)
}

/// What a token says, if its signature is ours and its time is now. Compares in constant time.
pub fn verify(secret: &str, token: &str, now: Timestamp) -> Result<Claims, TokenFault> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(TokenFault::Malformed);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenFault::Malformed)?;
    let (header, body) = signed.split_once('.').ok_or(TokenFault::Malformed)?;
    let header: Header = decoded(header)?;
    if header.alg != "HS256" {
        return Err(TokenFault::Malformed);
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| TokenFault::Malformed)?;
    let mac = mac(secret, signed.as_bytes()).ok_or(TokenFault::BadSignature)?;
    mac.verify_slice(&signature).map_err(|_| TokenFault::BadSignature)?;
    let claims: Claims = decoded(body)?;
    let now = now.as_second();
    match claims {
        Claims { exp: Some(exp), .. } if exp <= now => Err(TokenFault::Expired),
        Claims { nbf: Some(nbf), .. } if nbf > now + CLOCK_SKEW_S => Err(TokenFault::NotYetValid),
        Claims { iat: Some(iat), .. } if iat > now + CLOCK_SKEW_S => Err(TokenFault::UsedBeforeIssued),
        claims => Ok(claims),
    }
}

fn decoded<T: serde::de::DeserializeOwned>(part: &str) -> Result<T, TokenFault> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenFault::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| TokenFault::Malformed)
}

/// The signature of a webhook: HMAC-SHA256 of the body as it is sent, in hexadecimal.
pub fn sign_body(secret: &str, body: &[u8]) -> String {
    let signature = mac(secret, body).map(|mac| mac.finalize().into_bytes()).unwrap_or_default();
    signature.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a webhook's signature is that of its body. Compares in constant time.
pub fn is_signed(secret: &str, body: &[u8], signature: &str) -> bool {
    use subtle::ConstantTimeEq as _;
    sign_body(secret, body).as_bytes().ct_eq(signature.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "a secret of the tests";

    fn now() -> Timestamp {
        Timestamp::from_second(1_800_000_000).expect("a moment")
    }

    fn second(offset: i64) -> Option<i64> {
        Some(now().as_second() + offset)
    }

    #[test]
    fn a_token_says_what_was_signed() {
        assert!(verify(SECRET, &for_server(SECRET), now()).expect("valid").server);
        let until = now() + jiff::SignedDuration::from_mins(1);
        let claims = verify(SECRET, &for_user(SECRET, "nora", now(), Some(until)), now()).expect("valid");
        assert_eq!((claims.user_id.as_deref(), claims.exp, claims.iat), (Some("nora"), second(60), second(0)));
    }

    #[test]
    fn a_known_token_verifies() {
        // The signature is OpenSSL's (`openssl dgst -sha256 -hmac`), not ours.
        let known =
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzZXJ2ZXIiOnRydWV9.fxzlvpzfuXR7aZAsSB1bmKOsdl2B3Si7aXSy3ZWK5dM";
        assert_eq!(for_server(SECRET), known);
        assert!(verify(SECRET, known, now()).expect("valid").server);
    }

    #[test]
    fn time_and_signature_are_held() {
        let of = |claims: Claims| verify(SECRET, &sign(SECRET, &claims), now());
        let nora = Claims { user_id: Some("nora".into()), ..Claims::default() };
        assert_eq!(of(Claims { exp: second(0), ..nora.clone() }), Err(TokenFault::Expired));
        assert_eq!(of(Claims { nbf: second(60), ..nora.clone() }), Err(TokenFault::NotYetValid));
        assert_eq!(of(Claims { iat: second(60), ..nora.clone() }), Err(TokenFault::UsedBeforeIssued));
        assert_eq!(verify("another", &sign(SECRET, &nora), now()), Err(TokenFault::BadSignature));
    }

    #[test]
    fn only_hs256_counts() {
        let body = URL_SAFE_NO_PAD.encode(r#"{"server":true}"#);
        for alg in ["none", "HS512", "RS256", "hs256"] {
            let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{alg}"}}"#));
            for signature in ["", "AAAA"] {
                let token = format!("{header}.{body}.{signature}");
                assert_eq!(verify(SECRET, &token, now()), Err(TokenFault::Malformed), "{alg}");
            }
        }
        for garbage in ["", ".", "..", "a.b.c", "a.b"] {
            assert_eq!(verify(SECRET, garbage, now()), Err(TokenFault::Malformed), "{garbage}");
        }
    }

    #[test]
    fn a_signature_is_of_the_very_bytes() {
        let signature = sign_body(SECRET, b"{}");
        assert_eq!(signature.len(), 64);
        assert!(is_signed(SECRET, b"{}", &signature));
        assert!(!is_signed(SECRET, b"{ }", &signature));
        assert!(!is_signed(SECRET, b"{}", &signature.to_uppercase()));
        assert!(!is_signed(SECRET, b"{}", ""));
    }
}
