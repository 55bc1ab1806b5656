"""Numbers of system calls: those a submission may make, and those that only an attack makes.

Whatever stands in neither list is answered with "not permitted".
"""

from __future__ import annotations

MACHINES = ("x86_64", "aarch64")
"""Processors whose numbers are known, in the order of the columns."""
_ALLOWED = """\
read 0 63, write 1 64, open 2 -, close 3 57, stat 4 -, fstat 5 80, lstat 6 -, poll 7 -,
lseek 8 62, mmap 9 222, mprotect 10 226, munmap 11 215, brk 12 214, rt_sigaction 13 134,
rt_sigprocmask 14 135, rt_sigreturn 15 139, pread64 17 67, pwrite64 18 68, readv 19 65,
writev 20 66, access 21 -, pipe 22 -, select 23 -, sched_yield 24 124, mremap 25 216,
msync 26 227, mincore 27 232, madvise 28 233, dup 32 23, dup2 33 -, nanosleep 35 101,
getitimer 36 102, setitimer 38 103, getpid 39 172, exit 60 93, uname 63 160, flock 73 32,
fsync 74 82, fdatasync 75 83, truncate 76 45, ftruncate 77 46, getdents 78 -, getcwd 79 17,
chdir 80 49, fchdir 81 50, rename 82 -, mkdir 83 -, rmdir 84 -, creat 85 -, link 86 -,
unlink 87 -, symlink 88 -, readlink 89 -, umask 95 166, gettimeofday 96 169, getrlimit 97 163,
getrusage 98 165, sysinfo 99 179, times 100 153, getuid 102 174, getgid 104 176,
geteuid 107 175, getegid 108 177, getppid 110 173, getpgrp 111 -, getgroups 115 158,
getresuid 118 148, getresgid 120 150, getpgid 121 155, getsid 124 156, rt_sigpending 127 136,
rt_sigtimedwait 128 137, rt_sigsuspend 130 133, sigaltstack 131 132, statfs 137 43,
fstatfs 138 44, sched_getparam 143 121, sched_getscheduler 145 120,
sched_get_priority_max 146 125, sched_get_priority_min 147 126, gettid 186 178, time 201 -,
futex 202 98, sched_getaffinity 204 123, getdents64 217 61, set_tid_address 218 96,
restart_syscall 219 128, fadvise64 221 223, timer_create 222 107, timer_settime 223 110,
timer_gettime 224 108, timer_getoverrun 225 109, timer_delete 226 111, clock_gettime 228 113,
clock_getres 229 114, clock_nanosleep 230 115, exit_group 231 94, epoll_wait 232 -,
epoll_ctl 233 21, openat 257 56, mkdirat 258 34, newfstatat 262 79, unlinkat 263 35,
renameat 264 38, linkat 265 37, symlinkat 266 36, readlinkat 267 78, faccessat 269 48,
pselect6 270 72, ppoll 271 73, set_robust_list 273 99, epoll_pwait 281 22, eventfd2 290 19,
epoll_create1 291 20, dup3 292 24, pipe2 293 59, preadv 295 69, pwritev 296 70, getcpu 309 168,
renameat2 316 276, getrandom 318 278, membarrier 324 283, copy_file_range 326 285,
preadv2 327 286, pwritev2 328 287, statx 332 291, rseq 334 293, close_range 436 436,
faccessat2 439 439, epoll_pwait2 441 441, openat2 437 437, fallocate 285 47
"""
_HOSTILE = """\
socket 41 198, socketpair 53 199, connect 42 203, accept 43 202, bind 49 200, listen 50 201,
sendto 44 206, sendmsg 46 211, accept4 288 242, sendmmsg 307 269, fork 57 -, vfork 58 -,
execve 59 221, execveat 322 281, ptrace 101 117, setsid 112 157, setpgid 109 154,
unshare 272 97, setns 308 268, mount 165 40, umount2 166 39, pivot_root 155 41, chroot 161 51,
process_vm_readv 310 270, process_vm_writev 311 271, pidfd_open 434 434,
pidfd_send_signal 424 424, pidfd_getfd 438 438, rt_sigqueueinfo 129 138,
rt_tgsigqueueinfo 297 240, tkill 200 130, io_uring_setup 425 425, bpf 321 280,
perf_event_open 298 241, userfaultfd 323 282, keyctl 250 219, add_key 248 217,
request_key 249 218, init_module 175 105, finit_module 313 273, kexec_load 246 104,
reboot 169 142, setuid 105 146, setgid 106 144
"""
_EXAMINED = """\
clone 56 220, clone3 435 435, kill 62 129, tgkill 234 131, fcntl 72 25, ioctl 16 29,
prlimit64 302 261
"""


def _numbers(table: str) -> dict[str, dict[str, int]]:
    """By machine, then by name; a call that a machine does not have is left out."""
    found: dict[str, dict[str, int]] = {machine: {} for machine in MACHINES}
    for entry in table.replace("\n", " ").split(","):
        name, *numbers = entry.split()
        for machine, number in zip(MACHINES, numbers, strict=True):
            if number != "-":
                found[machine][name] = int(number)
    return found


ALLOWED = _numbers(_ALLOWED)
"""Memory, time, files and pipes; where a file may be is for the file system's rules to say."""
HOSTILE = _numbers(_HOSTILE)
"""Sockets, processes, other processes' memory, the machine itself."""
EXAMINED = _numbers(_EXAMINED)
"""Allowed for some arguments only."""
