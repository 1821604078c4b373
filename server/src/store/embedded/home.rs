//! The directory of a private cluster: who may enter, who has it, its password, its first filling.
//!
//! ```text
//! DATA_DIR/            ours
//!   lock               held while a process uses the directory; names that process
//!   password           of the superuser, 0600
//!   postgres.log       what PostgreSQL says before its own log begins
//!   postgres/          PostgreSQL's data directory, its own log in log/
//!   run/               the socket (elsewhere when this path is too long for one)
//! ```
//! PostgreSQL refuses to run as root. If we are root, its directories belong to the user `postgres` (or `nobody`), and it runs as
//! that; the password stays ours.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use nix::unistd::{Uid, User};
use sha2::{Digest as _, Sha256};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::process::Command;

use super::programs::Programs;

pub(super) const SUPERUSER: &str = "postgres";
/// Part of the socket's name; nothing listens on a network.
pub(super) const PORT: u16 = 5432;
/// `sockaddr_un.sun_path` holds 108 bytes with the zero at the end (104 on macOS).
const SOCKET_PATH_MAX: usize = if cfg!(target_os = "macos") { 103 } else { 107 };
/// Users to run PostgreSQL as when we are root, the first that exists.
const ACCOUNTS: [&str; 2] = ["postgres", "nobody"];

/// The user PostgreSQL runs as, where it is not ourselves.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

/// A data directory, held by this process.
#[derive(Debug)]
pub(super) struct Home {
    pub(super) root: PathBuf,
    pub(super) data: PathBuf,
    pub(super) sockets: PathBuf,
    pub(super) account: Option<Account>,
    pub(super) password: String,
    /// Released when dropped, and by the kernel when we die.
    _lock: File,
}

impl Home {
    /// Takes the directory for this process, making it if it is not there.
    pub(super) fn open(data_dir: &Path) -> anyhow::Result<Self> {
        let account = account()?;
        // Root's other user must pass through to its own directory below, and can do no more than that.
        let mode = if account.is_some() { 0o711 } else { 0o700 };
        fs::DirBuilder::new()
            .recursive(true)
            .mode(mode)
            .create(data_dir)
            .with_context(|| format!("the data directory {} cannot be made", data_dir.display()))?;
        let root = data_dir.canonicalize().with_context(|| format!("no way to {}", data_dir.display()))?;
        let lock = lock(&root)?;
        fs::set_permissions(&root, fs::Permissions::from_mode(mode))
            .with_context(|| format!("{} belongs to another user", root.display()))?;
        if let Some(account) = &account {
            reachable(&root, account)?;
        }
        let password = password(&root.join("password"))?;
        let sockets = sockets(&root, account.as_ref())?;
        Ok(Self { data: root.join("postgres"), root, sockets, account, password, _lock: lock })
    }

    /// The major version the cluster was made with, if there is one.
    pub(super) fn major(&self) -> anyhow::Result<Option<u32>> {
        let file = self.data.join("PG_VERSION");
        match fs::read_to_string(&file) {
            Ok(text) => Ok(Some(text.trim().parse().with_context(|| format!("{} says {text:?}", file.display()))?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("reading {}", file.display())),
        }
    }

    /// Makes the cluster if there is none. It grows under another name, so that one half made is never taken for a whole one.
    pub(super) async fn initialise(&self, programs: &Programs) -> anyhow::Result<()> {
        if self.data.exists() {
            return Ok(());
        }
        tracing::info!(data_dir = %self.root.display(), "making a private PostgreSQL cluster");
        let growing = self.root.join("postgres.new");
        if growing.exists() {
            fs::remove_dir_all(&growing).with_context(|| format!("removing the half-made {}", growing.display()))?;
        }
        self.own_dir(&growing)?;
        // initdb reads the password as the user it runs as; the file lies in that user's directory and goes at once.
        let handed = self.sockets.join("initial-password");
        write_secret(&handed, &self.password, self.account.as_ref())?;
        let answer = self
            .command(&programs.initdb)
            .arg("--pgdata")
            .arg(&growing)
            .arg("--pwfile")
            .arg(&handed)
            .args(["--username", SUPERUSER, "--auth", "scram-sha-256", "--data-checksums", "--encoding", "UTF8"])
            // Texts stand in the order of their bytes, in which keys are compared fastest; what a letter is, Unicode says.
            .args(["--locale", if cfg!(target_os = "linux") { "C.UTF-8" } else { "C" }, "--lc-collate", "C"])
            .output()
            .await;
        fs::remove_file(&handed).context("removing the handed password")?;
        let answer = answer.with_context(|| format!("running {}", programs.initdb.display()))?;
        if !answer.status.success() {
            bail!("initdb failed: {}", String::from_utf8_lossy(&answer.stderr).trim());
        }
        fs::rename(&growing, &self.data).context("naming the finished cluster")?;
        File::open(&self.root).and_then(|dir| dir.sync_all()).context("writing the directory to disk")
    }

    /// A program of PostgreSQL's, as the right user, knowing nothing of our environment and its secrets.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        // Messages in English: some are looked for. Not our working directory, which PostgreSQL's user may be unable to enter.
        command.env_clear().env("LC_ALL", "C").current_dir("/").stdin(std::process::Stdio::null());
        for kept in ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TZ"] {
            if let Some(value) = std::env::var_os(kept) {
                command.env(kept, value);
            }
        }
        if let Some(account) = &self.account {
            command.uid(account.uid).gid(account.gid);
        }
        command
    }

    /// The superuser's way in.
    pub(super) fn options(&self) -> PgConnectOptions {
        options(&self.sockets, &self.password)
    }

    /// Makes a directory only PostgreSQL's user may enter.
    fn own_dir(&self, path: &Path) -> anyhow::Result<()> {
        private_dir(path, self.account.as_ref())
    }
}

/// How to reach the cluster of another process that runs on this data directory.
pub(super) fn running(data_dir: &Path) -> anyhow::Result<(PgConnectOptions, String)> {
    let root = data_dir.canonicalize().with_context(|| format!("no way to {}", data_dir.display()))?;
    let file = root.join("password");
    let password = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?.trim().to_owned();
    let sockets = sockets(&root, account()?.as_ref())?;
    Ok((options(&sockets, &password), password))
}

fn options(sockets: &Path, password: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(sockets)
        .port(PORT)
        .username(SUPERUSER)
        .password(password)
        .database("postgres")
        .ssl_mode(PgSslMode::Disable)
}

fn account() -> anyhow::Result<Option<Account>> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    for name in ACCOUNTS {
        if let Some(user) = User::from_name(name).context("looking up users")? {
            return Ok(Some(Account { name: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw() }));
        }
    }
    bail!("PostgreSQL refuses to run as root, and there is no user {} to run it as", ACCOUNTS.join(" or "))
}

fn lock(root: &Path) -> anyhow::Result<File> {
    let path = root.join("lock");
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("{} cannot be opened", path.display()))?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).context("writing the lock file")?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder).context("reading the lock file")?;
            bail!(
                "{} is in use by process {holder}; stop that one, or give this one another data directory",
                root.display()
            )
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("locking {}", path.display())),
    }
}

/// Whether PostgreSQL's user can walk to the directory. (Our own access as root says nothing about it.)
fn reachable(root: &Path, account: &Account) -> anyhow::Result<()> {
    for dir in root.ancestors() {
        let found = fs::metadata(dir).with_context(|| format!("looking at {}", dir.display()))?;
        let search_bit = if found.uid() == account.uid {
            0o100
        } else if found.gid() == account.gid {
            0o010
        } else {
            0o001
        };
        if found.mode() & search_bit == 0 {
            bail!(
                "PostgreSQL refuses to run as root, so it runs as \"{}\", which may not enter {}. Choose a data directory that user \
                 can reach, such as /var/lib/devsquad, or run devsquad as an ordinary user",
                account.name,
                dir.display()
            );
        }
    }
    Ok(())
}

/// The superuser's password: made once, kept in a file only we can read.
fn password(path: &Path) -> anyhow::Result<String> {
    match fs::read_to_string(path) {
        Ok(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        Ok(_) => bail!("{} is empty", path.display()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let bytes: [u8; 32] = rand::random();
            let password: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let growing = path.with_extension("new");
            write_secret(&growing, &password, None)?;
            fs::rename(&growing, path).context("naming the password file")?;
            Ok(password)
        }
        Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
    }
}

fn write_secret(path: &Path, secret: &str, reader: Option<&Account>) -> anyhow::Result<()> {
    let write = || -> std::io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)?;
        file.write_all(secret.as_bytes())?;
        file.sync_all()?;
        reader.map_or(Ok(()), |reader| chown(path, Some(reader.uid), Some(reader.gid)))
    };
    write().with_context(|| format!("writing {}", path.display()))
}

/// Where the socket is: beside the data, or, when that path is too long for a socket, under a short name of the same meaning.
fn sockets(root: &Path, account: Option<&Account>) -> anyhow::Result<PathBuf> {
    let fits = |dir: &Path| dir.as_os_str().len() + format!("/.s.PGSQL.{PORT}").len() <= SOCKET_PATH_MAX;
    let mut dir = root.join("run");
    if !fits(&dir) {
        let digest = Sha256::digest(root.as_os_str().as_encoded_bytes());
        let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let base = match (account, std::env::var_os("XDG_RUNTIME_DIR")) {
            (None, Some(base)) if Path::new(&base).is_dir() => PathBuf::from(base),
            _ => PathBuf::from("/tmp"),
        };
        dir = base.join(format!("devsquad-{name}"));
    }
    private_dir(&dir, account)?;
    Ok(dir)
}

/// Makes a directory only one user may enter, or makes sure that it is one: in `/tmp` somebody else may have been first.
fn private_dir(path: &Path, account: Option<&Account>) -> anyhow::Result<()> {
    let owner = account.map_or_else(|| Uid::effective().as_raw(), |account| account.uid);
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => {
            if let Some(account) = account {
                chown(path, Some(account.uid), Some(account.gid))
                    .with_context(|| format!("giving away {}", path.display()))?;
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error).with_context(|| format!("making {}", path.display())),
    }
    let found = fs::symlink_metadata(path).with_context(|| format!("looking at {}", path.display()))?;
    if !found.is_dir() || found.uid() != owner || found.mode() & 0o077 != 0 {
        bail!("{} must be a directory which only the user with id {owner} may enter", path.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_in_use_is_refused_and_names_its_user() -> anyhow::Result<()> {
        let dir = tempfile::tempdir()?;
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755))?;
        let first = Home::open(&dir.path().join("data"))?;
        let refusal = Home::open(&dir.path().join("data")).expect_err("in use").to_string();
        assert!(refusal.contains(&format!("in use by process {}", std::process::id())), "{refusal}");
        drop(first);
        Home::open(&dir.path().join("data"))?;
        Ok(())
    }

    #[test]
    fn a_long_path_gets_a_short_socket() -> anyhow::Result<()> {
        let dir = tempfile::tempdir()?;
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755))?;
        let home = Home::open(&dir.path().join("x".repeat(120)))?;
        assert!(home.sockets.as_os_str().len() < 60, "{}", home.sockets.display());
        assert_eq!(fs::metadata(&home.sockets)?.mode() & 0o777, 0o700);
        fs::remove_dir(&home.sockets)?;
        Ok(())
    }

    #[test]
    fn the_password_is_made_once_and_ours_alone() -> anyhow::Result<()> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("password");
        let first = password(&path)?;
        assert_eq!(first.len(), 64);
        assert_eq!(password(&path)?, first);
        assert_eq!(fs::metadata(&path)?.mode() & 0o777, 0o600);
        Ok(())
    }

    #[test]
    fn a_socket_directory_somebody_else_opened_is_refused() -> anyhow::Result<()> {
        let dir = tempfile::tempdir()?;
        let taken = dir.path().join("taken");
        fs::create_dir(&taken)?;
        fs::set_permissions(&taken, fs::Permissions::from_mode(0o777))?;
        assert!(private_dir(&taken, None).is_err());
        Ok(())
    }
}
