//! Namespaces: a world without network and with processes of its own.

use std::fs;

use anyhow::Context as _;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};

/// Leaves the machine's namespaces. Processes this one starts from now on live in the new one; it stays outside itself.
///
/// An unprivileged process needs a user namespace for that; where the kernel forbids those, root can do without.
pub fn leave(network_off: bool) -> anyhow::Result<()> {
    let mut wanted = CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWIPC;
    if network_off {
        wanted |= CloneFlags::CLONE_NEWNET;
    }
    let (user, group) = (geteuid(), getegid());
    match unshare(wanted | CloneFlags::CLONE_NEWUSER) {
        Ok(()) => {
            // The same numbers inside as outside: files keep their owners.
            fs::write("/proc/self/setgroups", "deny").context("groups of the user namespace")?;
            fs::write("/proc/self/uid_map", format!("{user} {user} 1")).context("users of the user namespace")?;
            fs::write("/proc/self/gid_map", format!("{group} {group} 1")).context("groups of the user namespace")
        }
        Err(_) if user.is_root() => unshare(wanted).context("this kernel gives no namespaces"),
        Err(error) => Err(error).context("this kernel gives unprivileged users no namespaces"),
    }
}
