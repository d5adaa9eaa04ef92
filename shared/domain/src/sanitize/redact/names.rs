//! Names that a secret stands behind.

/// Names of secrets, as they end, in lower case and without `_`, `-` and `.`.
pub(super) const NAMES: [&str; 28] = [
    "password",
    "passwd",
    "passwort",
    "pwd",
    "passphrase",
    "passcode",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "secretkey",
    "secretkeybase",
    "privatekey",
    "signingkey",
    "encryptionkey",
    "masterkey",
    "sharedkey",
    "accountkey",
    "authkey",
    "clientkey",
    "subscriptionkey",
    "licensekey",
    "secretstring",
    "connectionstring",
    "authorization",
    "cookie",
    "jwt",
    "sessionid",
];

/// Names that mean a secret in an address or in code, but not in prose: only before `=`, or where the
/// value is quoted.
pub(super) const NAMES_IN_CODE: [&str; 6] = [
    "signature",
    "sig",
    "credential",
    "credentials",
    "pass",
    "auth",
];

/// Whether a name ends like one of these.
pub(super) fn among(name: &str, names: &[&str]) -> bool {
    // Nearly always the last letter differs already.
    let mut letters = name.bytes().rev().filter(u8::is_ascii_alphanumeric);
    let last = letters.next().map(|byte| byte.to_ascii_lowercase());
    let may_be = |ending: &str| ending.bytes().next_back() == last;
    names
        .iter()
        .any(|ending| may_be(ending) && is_called(name, ending))
}

/// Whether a name, reduced to lower-case letters and digits, ends like this: `DB_Pass-Word` ends
/// like `password`.
pub(super) fn is_called(name: &str, ending: &str) -> bool {
    let mut reduced = name.bytes().rev().filter(u8::is_ascii_alphanumeric);
    let mut ending = ending.bytes().rev();
    ending.all(|byte| {
        reduced
            .next()
            .is_some_and(|it| it.to_ascii_lowercase() == byte)
    })
}
