//! What the codes in `?error=` mean. The address holds a code and never a sentence, so that a link cannot put words into
//! this page's mouth.

/// What is said about a sign-in or an invitation that did not work.
pub fn error(code: &str) -> &'static str {
    match code {
        "credentials" => "The e-mail or the password is not right.",
        "slow" => "Too many tries. Wait a minute, then try again.",
        "busy" => "The server is busy. Try again in a few seconds.",
        "link" => "This link has expired or was used before. On the server, `devsquad link` prints a new one.",
        "password" => "Choose a longer or less common password: at least 12 characters.",
        "name" => "Tell us what to call you, in at most 200 characters.",
        "taken" => "There is an account with this e-mail already. Enter its password to join.",
        _ => "That did not work. Try again.",
    }
}
