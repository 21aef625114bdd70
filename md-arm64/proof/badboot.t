#!/usr/bin/env perl
#
# Copyright (c) 2026 the portkit authors
#
# Permission to use, copy, modify, and distribute this software for any
# purpose with or without fee is hereby granted, provided that the above
# copyright notice and this permission notice appear in all copies.
#
# THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
# WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
# MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
# ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
# WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
# ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
# OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.

# arm64 with device trees that lie.  QEMU writes the tree of its machine with
# four CPUs, which is changed here.  Neither -dtb nor -kernel are used: QEMU
# refuses some trees and mends others.  The tree and the kernel are loaded
# into memory, and a few instructions that do what a boot loader does: the
# pointer into x0, and a jump.  Arguments are words of the names of the cases
# wanted.
#
# proves badboot psci: SMP-3
# proves badboot bss: BOOT-1
# proves badboot memory: BOOT-1
# proves badboot EL2: SMP-2 SMP-3
# proves badboot regions: SMP-2
# proves badboot secure: X-IPI-1

use strict;
use warnings;
no warnings 'portable';		# addresses of 64 bits
use FindBin;
use lib "$FindBin::Bin/../../tests/lib";
use BadBoot;

my $b = BadBoot->new('arm64');
my $RAM = 0x40000000;
my $RAMEND = 0x50000000;	# 256 MB of it
my $KERNEL = 0x40200000;
my $LOADER = 0x47000000;
my $DTB = 0x48000000;
my $EMPTY = 0x20000000;		# a bus without a device: reads as ones
my $NOTHING = 0x60000000;	# an access ends in an abort

# The tree as QEMU made it, a copy each time, with a command line.
my $dtb = '';

sub tree {
	my ($machine) = @_;
	my ($file, @args) = ("$b->{dir}/dtb", $b->machine_args($machine));

	s/\A(virt\b.*)/$1,dumpdtb=$file/ for @args;
	system("'$b->{qemu}' @args -smp 4 </dev/null >'$file.log' 2>&1") == 0 &&
	    -s $file or BadBoot::bail("QEMU writes no device tree");
	open my $fh, '<:raw', $file or BadBoot::bail("$file: $!");
	local $/;
	my $root = BadBoot::fdt_read(scalar <$fh>);
	BadBoot::fdt_set(BadBoot::fdt_find($root, '/chosen'), 'bootargs',
	    "tests=nothing-matches\0");
	return $root;
}

my %blob;		# of a machine

sub fresh {
	my ($machine) = @_;

	$blob{$machine // ''} //= BadBoot::fdt_write(tree($machine));
	return BadBoot::fdt_read($blob{$machine // ''});
}

# Code of a boot loader that writes system registers: the instruction MSR of
# each from x5, and its value.
sub sysregs {
	my @set = @_;
	my $code = '';

	while (my ($msr, $value) = splice @set, 0, 2) {
		# ldr x5, 1f; msr; b 2f; nop; 1: .quad value; 2:
		$code .= pack 'V4 Q<', 0x58000085, $msr, 0x14000004,
		    0xd503201f, $value;
	}
	return $code;
}

# A case with x0 and what is loaded, bytes by address; `first' is code that
# runs before.
sub boot {
	my ($name, $x0, $loads, %case) = @_;
	# ldr x0, 1f; mov x1, xzr; mov x2, xzr; mov x3, xzr; ldr x4, 2f;
	# br x4; 1: .quad x0; 2: .quad kernel
	my $loader = (delete $case{first} // '') . pack 'V6 Q<2', 0x580000c0,
	    0xaa1f03e1, 0xaa1f03e2, 0xaa1f03e3, 0x58000084, 0xd61f0080, $x0,
	    $KERNEL;

	$b->case(name => $name, %case, args => ['-smp', 4,
	    '-device', "loader,file=$b->{kernel},addr=$KERNEL,force-raw=on",
	    $b->load($loader, $LOADER),
	    '-device', "loader,addr=$LOADER,cpu-num=0",
	    map { $b->load($loads->{$_}, $_) } sort keys %$loads]);
}

# A case with a changed tree: `tree' is a function that changes it, `header'
# what fdt_write() is to lie about, `cut' how many bytes are loaded, and `at'
# an address.
sub lie {
	my ($name, %case) = @_;
	my ($change, $header, $cut, $at) = delete @case{qw(tree header cut at)};
	my $root = fresh($case{machine});

	$change->($root) if $change;
	my $blob = BadBoot::fdt_write($root, %{$header // {}});
	$blob = substr $blob, 0, $cut if $cut;
	boot($name, $at // $DTB, { ($at // $DTB) => $blob }, %case);
}

# Code of firmware that goes from EL3 to EL1: ICC_SRE_EL3, SCR_EL3, SPSR_EL3,
# ELR_EL3.
sub from_el3 {
	my ($scr) = @_;
	my @set = (0xd51ecca5, 0xf, 0xd51e1105, $scr, 0xd51e4005, 0x3c5,
	    0xd51e4025, 0);

	$set[-1] = $LOADER + 4 + length sysregs(@set);
	return sysregs(@set) . pack 'V', 0xd69f03e0;
}

# Changes of a tree.
sub set {
	my ($path, @props) = @_;

	return sub {
		BadBoot::fdt_set(BadBoot::fdt_find($_[0], $path), @props);
	};
}

sub drop {
	my ($path, @names) = @_;

	return sub {
		BadBoot::fdt_drop(BadBoot::fdt_find($_[0], $path), $_)
		    for @names;
	};
}

# CPUs with these ids behind the four.
sub more_cpus {
	my (@ids) = @_;

	return sub {
		my $cpus = BadBoot::fdt_find($_[0], '/cpus');

		for my $id (@ids) {
			push @{$cpus->{kids}}, { kids => [],
			    name => sprintf('cpu@%x', $id), props => [
			    ['device_type', "cpu\0"],
			    ['enable-method', "psci\0"],
			    ['reg', pack 'N', $id]] };
		}
	};
}

sub reg { return pack 'N*', map { ($_ >> 32, $_ & 0xffffffff) } @_ }

#
# The truth, which shows that this way of booting works
#

lie('the tree as it is', cpus => 4);
lie('the tree as it is, GICv2', machine => 'virt-gicv2', cpus => 4);

# No memory is zero but what the kernel makes so; its header says how much.
my $image = do { local (@ARGV, $/) = $b->{kernel}; <> };

boot('bss: memory behind the image is not zero', $DTB,
    { $DTB => BadBoot::fdt_write(fresh()), $KERNEL + length $image =>
    "\xa5" x (unpack('x16 Q<', $image) - length $image) }, cpus => 4,
    clause => 'BOOT-1');

# What firmware has left at EL2: all that can be trapped, offset or faked.
boot('EL2: as another kernel left it', $DTB,
    { $DTB => BadBoot::fdt_write(fresh('virt-el2')) },
    machine => 'virt-el2', cpus => 4, clause => 'SMP-3', first => sysregs(
    0xd51c1105, 0x08086039,		# HCR_EL2: TGE, TSC, TWI, VM, ...
    0xd51c1145, 0x800037ff,		# CPTR_EL2: TCPAC, TFP
    0xd51ce065, 0x123456789abc,		# CNTVOFF_EL2
    0xd51c0005, 0x4711,			# VPIDR_EL2
    0xd51c00a5, 0x80000302,		# VMPIDR_EL2
    0xd51c2105, 0x4711000,		# VTTBR_EL2
    0xd5181005, 0x30d00801));		# SCTLR_EL1: M

#
# What the pointer leads to
#

my $NO_TREE = qr/boot: 0x[0-9a-f]+: device tree: what the boot pointer leads/;

boot('pointer: zero', 0, {}, panic => qr/boot: 0x0: .*pointer is zero/);
boot('pointer: to zeros', 0x49000000, {}, panic => $NO_TREE);
boot('pointer: to garbage', $DTB, { $DTB => join '', map {
    pack 'N', $_ * 2654435761 & 0xffffffff } 1 .. 2048 },
    panic => $NO_TREE);
boot('pointer: to an ATAG list', $DTB, { $DTB => pack 'V*', 5, 0x54410001,
    0, 4096, 0, 4, 0x54410002, $RAMEND - $RAM, $RAM, 0, 0 },
    panic => qr/boot: .*leads to an ATAG list/);
boot('pointer: misaligned', $DTB + 3,
    { $DTB + 3 => BadBoot::fdt_write(fresh()) }, cpus => 4);
boot('pointer: to the last bytes of memory', $RAMEND - 16,
    { $RAMEND - 16 => pack 'N4', 0xd00dfeed, 16, 40, 40 },
    panic => qr/boot: .*: device tree: /);
boot('pointer: more than 39 bits', 1 << 45, {},
    panic => qr/boot: 0x200000000000: (?!.*pointer is zero)/);
boot('pointer: to a bus without a device', $EMPTY, {}, panic => $NO_TREE);
boot('pointer: to nothing', $NOTHING, {}, panic => qr/0x60000000/);

#
# The blob
#

lie('header: of no length', header => { totalsize => 0 },
    panic => qr/device tree: (?:it is larger|there is no room)/);
lie('header: longer than what can be read',
    header => { totalsize => 0x7fffffff },
    panic => qr/device tree: it is larger than the memory it is in/);
lie('header: longer than memory', header => { totalsize => 1 << 20,
    off_dt_struct => 1 << 19, size_dt_struct => 4096 },
    at => $RAMEND - 65536, panic => qr/device tree: |address 0x5/);
lie('header: shorter than its blocks', header => { totalsize => 4096 },
    panic => qr/device tree: a block lies outside the blob/);
lie('header: an old version', header => { version => 3 },
    panic => qr/device tree: its version is older than 17/);
lie('header: a version to come', header => { version => 99,
    last_comp_version => 99 }, panic => qr/device tree: its version is newer/);
lie('header: the structure block is misaligned',
    header => { off_dt_struct => 58 },
    panic => qr/device tree: a block is not aligned/);
lie('truncated: inside the structure block', cut => 4096,
    panic => qr/device tree: unknown token/);
lie('truncated: the structure block, by its header',
    header => { size_dt_struct => 4096 },
    panic => qr/device tree: (?:.*no end token|.*past the structure block)/);
lie('truncated: the strings block, by its header',
    header => { size_dt_strings => 8 },
    panic => qr/device tree: a property name does not end inside/);
lie('cyclic: reservations without an end',
    header => { reservations => "\1" x 64 },
    panic => qr/device tree: the memory reservations have no end/);
lie('cyclic: a node in itself, without end',
    header => { structure => pack 'N*', (1, 0) x 100000 },
    panic => qr/device tree: nodes are nested too deep/);
lie('cyclic: only tokens that do nothing',
    header => { structure => pack 'N*', (4) x 100000 },
    panic => qr/device tree: .*no end token/);
lie('no root node', header => { structure => pack 'N', 9 },
    panic => qr/device tree: it ends before its root node/);
lie('nothing but a console', tree => sub {
	@{$_[0]{kids}} = grep { $_->{name} =~ /\A(?:chosen|pl011)/ }
	    @{$_[0]{kids}};
    }, panic => qr/device tree: it tells of no memory/);

#
# Memory
#

lie('memory: no node', tree => drop('/', 'memory'),
    panic => qr/device tree: it tells of no memory/);
lie('memory: none in the node', tree => set('/memory', 'reg', ''),
    panic => qr/device tree: it tells of no memory/);
lie('memory: of no size', tree => set('/memory', 'reg', reg($RAM, 0)),
    panic => qr/device tree: it tells of no memory/);
lie('memory: past the end of addresses',
    tree => set('/memory', 'reg', reg(1 << 63, 1 << 63) . reg($RAM, -1)),
    panic => qr/device tree: it tells of no memory|out of memory|memory: /);
lie('memory: half an entry', tree => set('/memory', 'reg', 'abcdefg'),
    says => qr/memory\@40000000: device tree: reg has part of an entry/,
    panic => qr/device tree: it tells of no memory/);
lie('memory: one page', tree => set('/memory', 'reg',
    reg($RAM, 4096)), panic => qr/out of memory: .*4 kilobytes/);
lie('memory: the same twice', tree => set('/memory', 'reg',
    reg($RAM, $RAMEND - $RAM) x 2), cpus => 4);
lie('memory: ranges that overlap', tree => set('/memory', 'reg',
    reg($RAM, 0x4001000) . reg($RAM + 0x3fff000, $RAMEND - $RAM -
    0x3fff000)), cpus => 4);
lie('memory: 512 times as much as there is', tree => set('/memory', 'reg',
    reg($RAM, 1 << 37)), cpus => 4, panic => qr/pmap: .*tables/);
lie('memory: more than the kernel can address', tree => set('/memory',
    'reg', reg($RAM, 1 << 40)), cpus => 4,
    panic => qr/pmap: .*tables|tells of no memory/);
lie('memory: besides, some where the kernel cannot address it',
    tree => set('/memory', 'reg', reg($RAM, $RAMEND - $RAM) .
    reg((1 << 39) + $RAM, $RAMEND - $RAM)),
    says => qr/memory: .*0x8040000000/, cpus => 4);
lie('memory: where there is none', tree => set('/memory', 'reg',
    reg(0x80000000, 1 << 28)), panic => qr/address 0x8/);
lie('memory: a reservation, and a node that reserves',
    clause => 'BOOT-1',
    header => { reservations => reg($RAMEND - 0x10000, 0x10000) . "\0" x 16 },
    tree => sub {
	push @{$_[0]->{kids}}, { name => 'reserved-memory', props => [
	    ['#address-cells', pack 'N', 2], ['#size-cells', pack 'N', 2],
	    ['ranges', '']], kids => [{ name => 'kept@44000000', kids => [],
	    props => [['reg', reg($RAM + 0x4000000, 0x100001)]] }] };
    }, says => BadBoot::takes($RAM, $RAMEND - 0x10000, $KERNEL, $KERNEL + 4096,
    $RAM + 0x4000000, $RAM + 0x4101000, $DTB, $DTB + 4096), cpus => 4);
lie('memory: all of it reserved', header => { reservations =>
    reg($RAM, $RAMEND - $RAM) . "\0" x 16 }, panic => qr/out of memory/);
lie('memory: 1000 reservations', header => { reservations =>
    reg(map { ($RAMEND - 4096 * $_, 4096) } 1 .. 1000) . "\0" x 16 },
    panic => qr/memory: more than \d+ reserved ranges/);

#
# CPUs
#

my $UNLISTED = qr/does not list the CPU that this runs on, id 0x0/;

lie('cpus: no node', tree => drop('/', 'cpus'), says => $UNLISTED, cpus => 1);
lie('cpus: zero CPUs', tree => drop('/cpus', 'cpu'), says => $UNLISTED,
    cpus => 1);
lie('cpus: the boot CPU is not listed', tree => sub {
	shift @{BadBoot::fdt_find($_[0], '/cpus')->{kids}}
	    while BadBoot::fdt_find($_[0], '/cpus')->{kids}[0]{name} ne
	    'cpu@1';
    }, says => $UNLISTED, cpus => 4);
lie('cpus: ids listed twice', tree => more_cpus(2, 0),
    says => [qr/id 0x2 is listed twice/, qr/id 0x0 is listed twice/],
    cpus => 4);
lie('cpus: CPUs that do not exist', tree => more_cpus(9, 0x10300),
    says => [qr/id 0x9 does not start/, qr/id 0x10300 does not start/],
    cpus => 4);
lie('cpus: ids with bits that are no affinity',
    tree => more_cpus(0x80000001, 0xffffffff),
    says => [qr/id 0x80000001\b/, qr/id 0xffffffff\b/], cpus => 4);
lie('cpus: a CPU without an id', tree => set('/cpus/cpu@2', 'reg'),
    says => qr/cpu\@2: device tree: reg has no entry/, cpus => 3);
lie('cpus: a CPU with half an id', tree => set('/cpus/cpu@2', 'reg', 'ab'),
    says => qr/cpu\@2: device tree: reg has part of an entry/, cpus => 3);
lie('cpus: a disabled CPU', tree => set('/cpus/cpu@3', 'status',
    "disabled\0"), cpus => 3);
lie('cpus: ids of eight cells', tree => set('/cpus', '#address-cells',
    pack 'N', 8), says => [qr/cpu\@1: device tree: #address-cells/,
    $UNLISTED], cpus => 1);
lie('cpus: more than MAXCPUS', tree => more_cpus(map {
    ($_ >> 4 << 8) + ($_ & 15) } 4 .. 599),
    says => [qr/id 0x4 does not start/, qr/id 0x2507 is ignored: .*512/],
    cpus => 4);

#
# The other nodes that the kernel needs
#

lie('psci: no node', tree => drop('/', 'psci'),
    says => qr/psci: not in the device tree: no other CPU can start/,
    cpus => 1);
lie('psci: no method', tree => set('/psci', 'method'),
    says => qr/psci: .*no other CPU can start/, cpus => 1);
lie('psci: a method that there is not', tree => set('/psci', 'method',
    "telepathy\0"), says => qr/psci: .*no other CPU can start/, cpus => 1);
# mov w0, #3; movk w0, #0xc400, lsl #16 (CPU_ON); mov w1, #1; adr x2, 1f;
# hvc #0; b 2f; 1: wfi; b 1b; 2:
lie('psci: a CPU that is on already', clause => 'SMP-3', first => pack('V8',
    0x52800060, 0x72b88000, 0x52800021, 0x10000062, 0xd4000002, 0x14000003,
    0xd503207f, 0x17ffffff), says => qr/cpu1: .* not start: .*on already/,
    cpus => 3);
lie('psci: smc, where it is hvc', tree => set('/psci', 'method', "smc\0"),
    says => qr/psci/, panic => qr/psci|unknown instruction/);
lie('psci: hvc, where it is smc', machine => 'virt-el2',
    tree => set('/psci', 'method', "hvc\0"),
    says => qr/id 0x1 does not start/, cpus => 1);

lie('gic: no node', tree => drop('/', 'intc'),
    panic => qr/gic: the device tree has neither a GICv2 nor a GICv3/);
lie('gic: another kind', tree => set('/intc', 'compatible',
    "arm,gic-v9\0"), panic => qr/gic: the device tree has neither/);
lie('gic: no address', tree => set('/intc', 'reg'),
    panic => qr/gicv3: distributor: device tree: reg has no entry/);
lie('gic: no redistributors', tree => set('/intc', 'reg',
    reg(0x8000000, 0x10000)),
    panic => qr/gicv3: redistributors: device tree: reg has no entry/);
lie('gic: redistributors for one CPU only', tree => set('/intc', 'reg',
    reg(0x8000000, 0x10000, 0x80a0000, 0x20000)),
    cpus => 1, says => qr/\b0x[123]\b/,
    panic => qr/gicv3: no redistributor for the CPU with MPIDR 0x[123]/);
lie('regions: redistributors in two, the last one first', cpus => 4,
    clause => 'SMP-2',
    tree => sub {
	set('/intc', '#redistributor-regions', pack 'N', 2)->($_[0]);
	set('/intc', 'reg', reg(0x8000000, 0x10000, 0x80e0000, 0xf20000,
	    0x80a0000, 0x40000))->($_[0]);
    });
lie('gic: redistributors of 64 GB', tree => set('/intc', 'reg',
    reg(0x8000000, 0x10000, 0x80a0000, 1 << 36)),
    panic => qr/device|redistributor/);
lie('gic: redistributors that are memory', tree => set('/intc', 'reg',
    reg(0x8000000, 0x10000, 0x4c000000, 0xf60000)),
    cpus => 1, says => qr/gicv3: cpu1, .*no redistributor for it: it stays off/);
lie('gic: there is none at its address', tree => set('/intc', 'reg',
    reg($EMPTY, 0x10000, 0x80a0000, 0xf60000)), panic => qr/gicv3: /);
lie('gic: there is nothing at its address', tree => set('/intc', 'reg',
    reg($NOTHING, 0x10000, 0x80a0000, 0xf60000)),
    panic => qr/data abort.*|gicv3: /, says => qr/gicv3/);
lie('gic: firmware that routes FIQ to EL3', machine => 'virt-secure',
    first => from_el3(0x435), clause => 'SMP-2', cpus => 1);
lie('secure: the state the kernel is in', machine => 'virt-secure',
    first => from_el3(0x430), clause => 'X-IPI-1',
    panic => qr/X-IPI-1: gicv3: .*it is in the Secure state/);
lie('gic: a GICv3 called a GICv2', tree => set('/intc', 'compatible',
    "arm,cortex-a15-gic\0"), panic => qr/gicv3|the GIC /);
lie('gic: a GICv2 called a GICv3', machine => 'virt-gicv2',
    tree => set('/intc', 'compatible', "arm,gic-v3\0"),
    panic => qr/gicv3|the GIC /);

lie('timer: no node', tree => drop('/', 'timer'),
    panic => qr/no generic timer with a virtual interrupt/);
lie('timer: no interrupts', tree => set('/timer', 'interrupts'),
    panic => qr/no generic timer with a virtual interrupt/);
lie('timer: only the secure interrupt', tree => set('/timer', 'interrupts',
    pack 'N3', 1, 13, 4),
    panic => qr/no generic timer with a virtual interrupt/);
lie('timer: an interrupt that is none', tree => set('/timer',
    'interrupts', pack 'N12', (1, 4711, 4) x 4),
    panic => qr/no generic timer with a virtual interrupt/);

#
# No console.  What can still be said is said where a tree has a UART that
# the kernel knows; where there is none, the run ends as if there were one.
#

lie('console: no stdout-path', tree => set('/chosen', 'stdout-path'),
    says => qr/console: .*stdout-path/, cpus => 4);
lie('console: stdout-path leads nowhere', tree => set('/chosen',
    'stdout-path', "/soc/serial\@7e201000\0"),
    says => qr/console: .*stdout-path/, cpus => 4);
lie('console: stdout-path leads to a clock', tree => set('/chosen',
    'stdout-path', "/timer\0"),
    says => qr/console: .*stdout-path/, cpus => 4);
lie('console: no chosen node', tree => drop('/', 'chosen'),
    says => qr/console: .*stdout-path/, cpus => 4);
lie('console: no UART at all', tree => drop('/', 'pl011'), ends => 0);

exit $b->run(@ARGV);
