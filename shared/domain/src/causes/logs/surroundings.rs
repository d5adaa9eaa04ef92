//! The reasons that programs give in all runtimes and that lie around the container: other hosts,
//! certificates, credentials, disks, mounted configuration.

use super::signature::{Signature, signatures};

/// Reasons around the container, the most telling first.
pub(super) const SURROUNDINGS: &[Signature] = signatures! {
    Name "host name cannot be resolved":
        " enotfound|'enotfound|\"enotfound|(enotfound|getaddrinfo|no such host|name or service not known|unknownhostexception|\
         in name resolution|could not translate host name|could not resolve host|eai_again|\
         nodename nor servname|failed to lookup address|host not found|name does not resolve|\
         no address associated|server misbehaving|no resolvable bootstrap|nameresolutionerror|\
         unknown mysql server host|nxdomain|couldn't resolve server";

    Database "database does not exist":
        "database \"|database '|catalog \"" & "does not exist|unknown database" unless "creating";
    Database "database does not exist": "could not find your database";
    Connections "too many connections to the database":
        "too many clients|too many connections|connection slots are reserved";
    Encryption "database admits TLS only": "no pg_hba.conf entry" & "no encryption|ssl off";
    Encryption "one side speaks TLS, the other does not":
        "does not support ssl|wrong version number|first record does not look like|\
         ssl is not enabled on the server";
    AwsDenied "access denied by AWS":
        "is not authorized to perform|(accessdenied|accessdenied: |accessdeniedexception|\
         (403) when calling"
        unless "java.nio.file";
    AwsMissing "AWS resource not found":
        "resourcenotfoundexception|parameternotfound|nosuchbucket|nonexistentqueue|queuedoesnotexist|\
         (404) when calling";
    AwsRole "no AWS credentials":
        "nocredentialproviders|could not load credentials|unable to load credentials|\
         unable to locate credentials|no ec2 imds role|failed to refresh cached credentials";
    Credentials "credentials refused":
        "password authentication failed|authentication failed against|sasl authentication|\
         servererror: authentication failed|failure: authentication failed|bad auth|authenticationerror|access denied for user|expiredtoken|\
         login failed for user|wrongpass|noauth authentication required|invalidclienttokenid|\
         no pg_hba.conf entry|saslauthenticationexception|access_refused|\
         authenticationfailureexception|failed authentication due to";
    Credentials "credentials refused": "role \"" & "does not exist";

    Tls "TLS or certificate error":
        "x509: |x509 certificate routines|certificate verify failed|certificate has expired|\
         local issuer certificate|sslhandshakeexception|pkix path building|key values mismatch|\
         unable_to_verify_leaf_signature|cert_has_expired|certificate is not valid|err_tls|\
         cannot load certificate|ssl routines|ssl_error|sslerror|openssl::ssl|unknownissuer|\
         remote certificate is invalid|invalidcertificate";
    Tls "TLS or certificate error":
        "self signed certificate|self-signed certificate" unless "generat|creat|using";
    Tls "TLS or certificate error":
        "tls: |tls handshake" & "fail|bad |error|unknown|unsupported|invalid|mismatch|eof|timeout";

    Loopback "connection refused":
        "econnrefused|connection refused|connectionrefused" & "127.0.0.1|localhost|::1:";
    Refused "connection refused":
        "econnrefused|connection refused|connectionrefused|actively refused|\
         communications link failure";
    Refused "connection refused": "connection to |connect to " & " refused";
    Timeout "connection timed out":
        "etimedout|connection timed out|connect timed out|connecttimeouterror|\
         connecttimeoutexception|exceptions.connecttimeout|connect timeout error|i/o timeout|\
         deadline exceeded|read timed out|operation timed out|reset reason: connection timeout|\
         serverselectionerror|serverselectiontimeouterror|server selection timed out|\
         request timed out|timeout occurred after waiting";
    Unreachable "dependency cannot be reached":
        "failed to connect to|error connecting to|unable to connect to|cannot connect to|can't connect to|\
         could not connect to|connection to server at|can't reach database server|\
         network-related or instance-specific|upstream connect error|no route to host|\
         ehostunreach|network is unreachable";

    Disk "no space left on device":
        "no space left on device|enospc|not enough space on the disk" unless "file watchers";
    Denied "read-only file system": "read-only file system|erofs:";
    Denied "permission denied":
        "permission denied|eacces|eperm:|operation not permitted|permissionerror|\
         java.nio.file.accessdenied";
    MissingFile "file not found":
        "no such file or directory|enoent|filenotfounderror|filenotfoundexception";

    Configuration "nginx configuration error": "[emerg]";
    Configuration "envoy configuration error":
        "[critical]" & "configuration|unable to parse|proto constraint|unknown field";
    Configuration "haproxy configuration error":
        "[alert]" & "parsing [|unknown keyword|haproxy|errors found";
    Configuration "PHP-FPM: initialization failed":
        "fpm initialization failed|cannot get uid for user|cannot get gid for group";
    Configuration "Redis configuration error": "bad directive or wrong number";
    Configuration "option not accepted": "invalid value" & "for flag|for option|for argument|for '--";
    Configuration "Spring Boot: configuration incomplete":
        "failed to configure a datasource|failed to bind properties|required a bean of type";
    Configuration "Java: option not accepted":
        "invalid maximum heap|initial heap size set to|unrecognized vm option|unrecognized option: -";
    Configuration ".NET: setting missing":
        "value cannot be null" & "connectionstring|configuration";
    Configuration "configuration error":
        "yaml: line|yaml: unmarshal|invalid configuration|configuration error|config error|config validation error|\
         failed to load config|error loading config|failed to parse config|\
         bootstrap checks failed|improperlyconfigured";
};
