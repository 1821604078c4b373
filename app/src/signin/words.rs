//! What the codes in `?error=` mean. The address holds a code and never a sentence, so that a link cannot put words into
//! this page's mouth.

/// What is said about a sign-in or an invitation that did not work.
pub fn error(code: &str) -> &'static str {
    match code {
        "credentials" => "The e-mail or the password is not right.",
        "slow" => "Too many tries. Wait a minute, then try again.",
        "busy" => "The server is busy. Try again in a few seconds.",
        "link" => "This link has expired or was used before. Ask for a new one, or restart the server: it prints a fresh link.",
        "ended" => "Your session has ended. Sign in again.",
        "password" => "Choose a longer or less common password: at least 12 characters.",
        "name" => "Tell us what to call you, in at most 200 characters.",
        "taken" => "There is an account with this e-mail already. Sign in with it.",
        _ => "That did not work. Try again.",
    }
}
