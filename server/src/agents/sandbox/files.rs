//! Landlock: which files can be read and written, whoever owns them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, PathBeneath, PathFd, Ruleset,
    RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetStatus, Scope,
};

use super::{Guard, Policy};

/// The newest rights we know; older kernels give what they have.
const RIGHTS: ABI = ABI::V6;

/// The system's programs, libraries and public settings. Not `/etc` as a whole: it holds keys and password hashes.
const SYSTEM: [&str; 38] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/opt",
    "/nix/store",
    "/proc",
    "/sys/devices/system/cpu",
    "/sys/fs/cgroup",
    "/sys/kernel/mm",
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/gitconfig",
    "/etc/group",
    "/etc/hosts",
    "/etc/java-17-openjdk",
    "/etc/java-21-openjdk",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/locale.alias",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/profile",
    "/etc/protocols",
    "/etc/python3",
    "/etc/python3.11",
    "/etc/services",
    "/etc/shells",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/timezone",
    "/run/current-system/sw",
];
/// Devices every program may use.
const DEVICES: [&str; 5] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

/// Confines this process and all it will start.
pub fn confine(policy: &Policy) -> anyhow::Result<()> {
    let all = AccessFs::from_all(RIGHTS);
    let look = AccessFs::from_read(RIGHTS);
    let mut ruleset = Ruleset::default().set_compatibility(CompatLevel::BestEffort).handle_access(all)?;
    if policy.wants(Guard::Network) {
        ruleset = ruleset.handle_access(AccessNet::from_all(RIGHTS))?;
    }
    // Processes outside can be neither signalled nor reached by abstract sockets.
    let mut created = ruleset.scope(Scope::from_all(RIGHTS))?.create()?;
    let system = SYSTEM.iter().map(PathBuf::from);
    // Our own binary, by the file that runs: its name may be gone after an update.
    for path in system.chain(policy.read.iter().cloned()).chain([PathBuf::from("/proc/self/exe")]) {
        created = allow(created, &path, look)?;
    }
    for path in DEVICES {
        created = allow(created, Path::new(path), AccessFs::from_file(RIGHTS))?;
    }
    for path in &policy.write {
        created = allow(created, path, all)?;
    }
    let status = created.restrict_self().context("Landlock")?;
    ensure!(
        status.ruleset != RulesetStatus::NotEnforced,
        "this kernel has no Landlock (Linux 5.13 or newer with “landlock” among its security modules)"
    );
    Ok(())
}

/// A path that is not there needs no rule.
fn allow(created: RulesetCreated, path: &Path, access: landlock::BitFlags<AccessFs>) -> anyhow::Result<RulesetCreated> {
    let Ok(opened) = PathFd::new(path) else { return Ok(created) };
    let access = if path.is_dir() { access } else { access & AccessFs::from_file(RIGHTS) };
    Ok(created.add_rule(PathBeneath::new(opened, access))?)
}
