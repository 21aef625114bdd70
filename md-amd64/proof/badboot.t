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

# amd64 with ACPI tables that lie.  The tables are made here, loaded into the
# guest's memory, and named to it with rsdp=.  The machine has four CPUs, ids
# 0 to 3, and is a good one: HPET, PM timer and PIT count.  ACPI
# Specification 6.5, sections 5.2.5 to 5.2.12.  Arguments are words of the
# names of the cases wanted.
#
# proves badboot memory: BOOT-1

use strict;
use warnings;
no warnings 'portable';		# addresses of 64 bits
use FindBin;
use lib "$FindBin::Bin/../../tests/lib";
use BadBoot;

my $b = BadBoot->new('amd64');
my $AT = 0x8000000;		# where the tables are
my $HOLE = 0x7f000000;		# neither memory nor device

#
# Tables
#

sub sum8 { return unpack '%8C*', $_[0] }

# Make the byte at an offset such that the sum over everything is zero.
sub summed {
	my ($bytes, $off) = @_;

	substr($bytes, $off, 1) = "\0";
	substr($bytes, $off, 1) = pack 'C', -sum8($bytes) & 255;
	return $bytes;
}

# Make the checksum wrong; the rest stays.
sub wrong {
	my ($bytes, $off) = @_;

	substr($bytes, $off // 9, 1) ^= "\1";
	return $bytes;
}

# A table; the last argument is the length it claims to have.
sub table {
	my ($sig, $body, $len) = @_;

	return summed(pack('a4 V C C a6 a8 V a4 V', $sig,
	    $len // 36 + length $body, 1, 0, 'PORTKT', 'BADBOOT', 1, 'PERL',
	    1) . $body, 9);
}

sub cpu { return pack 'C4 V', 0, 8, $_[0], $_[0], $_[1] // 1 }
sub cpu2 { return pack 'C2 v V3', 9, 16, 0, $_[0], 1, $_[0] }

# MADT, 5.2.12: entries, and where it says the local APICs are.
sub madt {
	my ($entries, $lapic, $len) = @_;

	return table('APIC', pack('V2', $lapic // 0xfee00000, 1) . $entries,
	    $len);
}
my $cpus = join '', map { cpu($_) } 0 .. 3;

sub gas { return pack 'C4 Q<', $_[0], 32, 0, 3, $_[1] }

# FADT, 5.2.9, with a PM timer at an I/O port.
sub fadt {
	my ($port) = @_;
	my $f = "\0" x (268 - 36);

	substr($f, 76 - 36, 4) = pack 'V', $port;
	substr($f, 91 - 36, 1) = "\4";
	return table('FACP', $f);
}

sub hpet { return table('HPET', pack('V', 0x8086a201) . gas(0, $_[0]) .
    "\0" x 4) }

# SPCR: a 16550 at an I/O port.
sub spcr { return table('SPCR', pack('C4', 0, 0, 0, 0) . gas(1, $_[0]) .
    "\0" x 28) }

# RSDP, 5.2.5.3; revision 0 with an RSDT, 2 with an XSDT.
sub rsdp {
	my ($revision, $root, $len) = @_;
	my $p = summed(pack('a8 C a6 C V', 'RSD PTR ', 0, 'PORTKT', $revision,
	    $revision ? 0 : $root), 8);

	return $p unless $revision;
	return summed($p . pack('V Q< C x3', $len // 36, $root, 0), 32);
}

# The whole: RSDP, root table, and tables.  A table is bytes, or a number: an
# address to be listed as it is.  Others: `revision', and `rsdp' and `root',
# functions that change these two.
sub tables {
	my ($tables, %o) = @_;
	my $revision = $o{revision} // 2;
	my $same = sub { $_[0] };
	my ($rest, @list) = ('');

	for my $t (@$tables) {
		push @list, $t =~ /\A\d+\z/ ? $t : $AT + 4096 + length $rest;
		next if $t =~ /\A\d+\z/;
		$rest .= $t;
		$rest .= "\0" x (-length($rest) & 15);
	}
	my $root = ($o{root} // $same)->($revision ?
	    table('XSDT', pack 'Q<*', @list) :
	    table('RSDT', pack 'V*', @list));
	my $rsdp = ($o{rsdp} // $same)->(rsdp($revision, $AT + 64));

	return pack 'a64 a4032 a*', $rsdp, $root, $rest;
}

# A case with these tables, or these bytes.
sub lie {
	my ($name, $bytes, %case) = @_;
	my $rsdp = delete $case{at} // $AT;

	$bytes = tables($bytes) if ref $bytes;
	$b->case(name => $name, %case, args => ['-smp', 4,
	    '-kernel', $b->{kernel}, '-append',
	    sprintf('debugexit=0xf4 tests=nothing-matches rsdp=0x%x', $rsdp),
	    length $bytes ? $b->load($bytes, $AT) : ()]);
}

# What is wrong of everything: the machine has one CPU, and the PIT.
my $ONE = qr/one CPU/;
sub alone { return says => [$_[0], $ONE, qr/by the PIT/], cpus => 1 }

#
# The truth, which shows that the tables are read at all
#

lie('sound tables, by an XSDT', [madt($cpus), fadt(0x608),
    hpet(0xfed00000)], says => qr/by the HPET/, cpus => 4);
lie('sound tables, by an RSDT', tables([fadt(0x608), madt($cpus)],
    revision => 0), says => qr/by the PM timer/, cpus => 4);

#
# RSDP and root table
#

lie('rsdp= leads to zeros', '', alone(qr/ACPI: there is no RSDP at the/));
lie('rsdp= leads to neither memory nor device', '', at => $HOLE,
    alone(qr/ACPI: there is no RSDP at the address/));
lie('rsdp= is more than a CPU can address', '', at => 1 << 45,
    alone(qr/ACPI: the RSDP lies in memory that cannot be read/));
lie('RSDP: wrong checksum', tables([madt($cpus)],
    rsdp => sub { wrong($_[0], 8) }),
    alone(qr/ACPI: the checksum of the RSDP is wrong/));
lie('RSDP: wrong extended checksum', tables([madt($cpus)],
    rsdp => sub { wrong($_[0], 32) }),
    alone(qr/ACPI: the extended checksum of the RSDP is wrong/));
lie('RSDP: truncated', tables([madt($cpus)],
    rsdp => sub { rsdp(2, $AT + 64, 20) }),
    alone(qr/ACPI: the RSDP claims an impossible length/));
lie('RSDP: no root table', tables([madt($cpus)], rsdp => sub { rsdp(2, 0) }),
    alone(qr/ACPI: the RSDP leads to no root table/));
lie('RSDP: the root table is more than a CPU can address',
    tables([madt($cpus)], rsdp => sub { rsdp(2, 1 << 45) }),
    alone(qr/ACPI: a table lies in memory that cannot be read/));
lie('RSDP: it is its own root table', tables([madt($cpus)],
    rsdp => sub { rsdp(2, $AT) }), alone(qr/ACPI: /));
lie('XSDT: wrong checksum', tables([madt($cpus)], root => \&wrong),
    alone(qr/ACPI: .*checksum of .*table is wrong/));
lie('XSDT: wrong signature', tables([madt($cpus)],
    root => sub { table('DSDT', substr $_[0], 36) }),
    alone(qr/ACPI: the root table has the wrong signature/));
lie('XSDT: of no length', tables([madt($cpus)],
    root => sub { table('XSDT', substr($_[0], 36), 0) }),
    alone(qr/ACPI: .*table is shorter than its header/));
lie('XSDT: of 4 GB', tables([madt($cpus)],
    root => sub { table('XSDT', substr($_[0], 36), 0xfffffff0) }),
    alone(qr/ACPI: .*table claims an impossible length/));
lie('XSDT: empty', [], alone(qr/MADT.*not present/));
lie('XSDT: lists itself', [$AT + 64], alone(qr/MADT.*not present/));
lie('XSDT: lists itself and a sound MADT', [$AT + 64, madt($cpus)],
    cpus => 4);
lie('XSDT: lists what no CPU can address, and a sound MADT',
    [1 << 45, (1 << 63) + 64, $HOLE, madt($cpus)], cpus => 4);

#
# MADT
#

lie('MADT: none', [fadt(0x608)], says => [qr/MADT.*not present/, $ONE],
    cpus => 1);
lie('MADT: wrong checksum', [wrong(madt($cpus))],
    alone(qr/MADT.*checksum.* is wrong/));
lie('MADT: wrong checksum, and a second one, sound',
    [wrong(madt(cpu(0))), madt($cpus)], cpus => 4);
lie('MADT: truncated inside its header', [table('APIC', 'abcd')],
    alone(qr/MADT.*too short for what it is/));
lie('MADT: truncated inside an entry', [madt(substr $cpus, 0, 27)],
    alone(qr/MADT.*entry runs past the end/));
lie('MADT: truncated behind a type', [madt(substr $cpus, 0, 25)],
    alone(qr/MADT.*ends inside an entry/));
lie('MADT: longer than memory', [madt($cpus, undef, 0x7fffffff)],
    alone(qr/MADT.*claims an impossible length/));
lie('MADT: cyclic: an entry of no length', [madt(cpu(0) . "\0\0" .
    substr $cpus, 2)], alone(qr/MADT.*entry has no length/));
lie('MADT: an entry too short for its type', [madt($cpus .
    pack 'C4', 0, 4, 1, 1)], alone(qr/MADT.*too short for its type/));
lie('MADT: zero CPUs', [madt('')],
    says => qr/does not list the CPU that this runs on, id 0x0/, cpus => 1);
lie('MADT: every CPU disabled', [madt(join '', map { cpu($_, 0) } 0 .. 3)],
    says => qr/does not list the CPU that this runs on, id 0x0/, cpus => 1);
lie('MADT: the boot CPU is not listed', [madt(substr $cpus, 8)],
    says => qr/does not list the CPU that this runs on, id 0x0/, cpus => 4);
lie('MADT: ids listed twice', [madt($cpus . cpu(2) . cpu(0))],
    says => [qr/id 0x2 is listed twice/, qr/id 0x0 is listed twice/],
    cpus => 4);
lie('MADT: an id listed as APIC and as x2APIC', [madt($cpus . cpu2(3))],
    says => qr/id 0x3 is listed twice/, cpus => 4);
lie('MADT: CPUs that do not exist', [madt(cpu(9) . $cpus . cpu2(77))],
    says => [qr/id 0x9 does not start/, qr/id 0x4d does not start/],
    cpus => 4);
lie('MADT: a CPU with the id that means all of them',
    [madt($cpus . cpu(255))], says => qr/id 0xff\b/, cpus => 4);
lie('MADT: x2APIC ids that are the others cut to 8 bits',
    [madt($cpus . cpu2(0x100) . cpu2(0x1000001) . cpu2(0xffffffff))],
    says => [qr/id 0x100\b/, qr/id 0x1000001\b/, qr/id 0xffffffff\b/],
    cpus => 4);
lie('MADT: more CPUs than MAXCPUS', [madt($cpus .
    join '', map { cpu2($_) } 4 .. 599)],
    says => [qr/id 0x4 does not start/, qr/id 0x257 is ignored/], cpus => 4);
lie('MADT: the local APIC is elsewhere', [madt($cpus, 0xfed90000)],
    says => qr/MADT: .*0xfee00000, not 0xfed90000/, cpus => 4);

#
# Clocks and console
#

lie('FADT: truncated', [madt($cpus), table('FACP', 'abcd')],
    says => qr/by the PIT/, cpus => 4);
lie('FADT: a PM timer that does not count', [madt($cpus), fadt(0x5000)],
    says => qr/by the PIT/, cpus => 4);
lie('HPET: there is none at its address', [madt($cpus), hpet($HOLE)],
    says => qr/by the PIT/, cpus => 4);
lie('HPET: it is memory', [madt($cpus), hpet($AT + 0x100000)],
    says => qr/by the PIT/, cpus => 4);
lie('HPET: its address is more than a CPU can address',
    [madt($cpus), hpet(1 << 60)], says => qr/by the PIT/, cpus => 4);
lie('SPCR: there is no 8250 at its port', [madt($cpus), spcr(0x5000)],
    says => qr/SPCR: /, cpus => 4);

# The first megabyte has page 0 and the devices' window; what SeaBIOS keeps of
# RAM is at its end.  Each machine's map has ranges of other types above.
for my $machine ('q35', 'pc') {
	$b->case(name => "memory: the map of $machine", machine => $machine,
	    clause => 'BOOT-1',
	    args => ['-smp', 4, '-kernel', $b->{kernel}, '-append',
	    'debugexit=0xf4 tests=nothing-matches'], says => BadBoot::takes(
	    0x1000, 0xffe0000, 0x9f000, 0x100000, 0x200000, 0x300000),
	    cpus => 4);
}

# Without ACPI there are one CPU and the PIT; without that, nothing to
# measure the local APIC timer with.
$b->case(name => 'no ACPI at all', machine => ['-M',
    'microvm,acpi=off,auto-kernel-cmdline=off'], args => ['-smp', 2,
    '-kernel', $b->{kernel}, '-append',
    'debugexit=0xf4 tests=nothing-matches'], alone(qr/ACPI: /));
$b->case(name => 'an NMI from nobody', args => ['-smp', 2, '-kernel',
    $b->{kernel}, '-append', 'debugexit=0xf4 die=unasked'],
    panic => qr/trap 2: NMI/, says => qr/^\tdie_unasked\+/m);
$b->case(name => 'no clock to measure with', machine => ['-M',
    'microvm,acpi=on,pit=off,auto-kernel-cmdline=off'], args => ['-smp', 2,
    '-kernel', $b->{kernel}, '-append',
    'debugexit=0xf4 tests=nothing-matches'],
    panic => qr/no HPET, no PM timer and no PIT: nothing to measure/);

exit $b->run(@ARGV);
