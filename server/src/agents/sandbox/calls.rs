//! seccomp: system calls that a worker never needs are refused.

use std::collections::BTreeMap;

use anyhow::Context as _;
use nix::libc;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

/// Refused with "operation not permitted": reading and steering other processes, the kernel's keys, programs and
/// modules, mounts, namespaces, clocks, accounting, and handles that go around path checks.
const REFUSED: [i64; 44] = [
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_fsconfig,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_chroot,
    libc::SYS_kexec_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    libc::SYS_syslog,
    libc::SYS_vhangup,
];
/// Refused as "not implemented", so that libraries fall back: `clone3` hides its flags from filters, `io_uring` does
/// whatever it is told without passing them.
const UNKNOWN: [i64; 4] =
    [libc::SYS_clone3, libc::SYS_io_uring_setup, libc::SYS_io_uring_enter, libc::SYS_io_uring_register];
/// `clone` may start processes and threads, not namespaces.
const NAMESPACES: [i32; 7] = [
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWCGROUP,
];
/// Typing into the terminal of whoever started the server.
const TERMINAL_INPUT: [u64; 2] = [0x5412, 0x541c];
/// On x86-64 the same calls have second numbers in the x32 interface, which nothing we run uses.
const X32_BIT: i64 = 0x4000_0000;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Confines this process and all it will start. Without network no socket can be opened at all (pairs of connected
/// sockets, which stay inside, can).
pub fn confine(network_off: bool) -> anyhow::Result<()> {
    let mut refused: Rules = REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    let flags = NAMESPACES.iter().map(|flag| {
        let flag = u64::from(flag.cast_unsigned());
        rule(0, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(flag), flag)
    });
    refused.insert(libc::SYS_clone, flags.collect::<anyhow::Result<_>>()?);
    let typing = TERMINAL_INPUT.iter().map(|request| rule(1, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, *request));
    refused.insert(libc::SYS_ioctl, typing.collect::<anyhow::Result<_>>()?);
    if network_off {
        // Asking the kernel for the list of interfaces is harmless, and libraries do it at their start.
        let netlink = u64::from(libc::AF_NETLINK.cast_unsigned());
        refused.insert(libc::SYS_socket, vec![rule(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, netlink)?]);
    }
    mirror(&mut refused);
    let mut unknown: Rules = UNKNOWN.iter().map(|call| (*call, Vec::new())).collect();
    mirror(&mut unknown);
    install(refused, libc::EPERM)?;
    install(unknown, libc::ENOSYS)
}

fn rule(argument: u8, length: SeccompCmpArgLen, operation: SeccompCmpOp, value: u64) -> anyhow::Result<SeccompRule> {
    Ok(SeccompRule::new(vec![SeccompCondition::new(argument, length, operation, value)?])?)
}

fn mirror(rules: &mut Rules) {
    if cfg!(target_arch = "x86_64") {
        let second: Vec<_> = rules.iter().map(|(call, conditions)| (call | X32_BIT, conditions.clone())).collect();
        rules.extend(second);
    }
}

fn install(rules: Rules, errno: i32) -> anyhow::Result<()> {
    let arch = std::env::consts::ARCH
        .try_into()
        .map_err(|_| anyhow::anyhow!("seccomp filters are not known for this processor"))?;
    let refuse = SeccompAction::Errno(errno.cast_unsigned());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch)?;
    let program: BpfProgram = filter.try_into()?;
    seccompiler::apply_filter(&program).context("this kernel takes no seccomp filters")
}
