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

# The ends of a kernel: the suite's kernel is told to die, die=KIND, and the
# report has to name what a person needs.  md-independent: what an
# architecture cannot do is allowed to be said instead.  Each architecture is
# a subtest; arguments are an architecture and words of names of cases.
#
# proves panics stop: IPI-3
# proves panics registers: TRAP-1
# proves panics overflow: TRAP-1
# proves panics watchdog: X-WATCH-1

use strict;
use warnings;
use File::Basename qw(dirname);
use FindBin;
use lib "$FindBin::Bin/../lib";
use BadBoot;
use Machines;

my $arch = shift;
exit all() unless defined $arch;

my $b = BadBoot->new($arch);
my $append = join ' ', @{$b->{table}{append}};

my %clause = (stop => 'IPI-3', watchdog => 'X-WATCH-1');

sub dies {
	my ($kind, $panic, @says) = @_;

	$b->case(name => $kind, clause => $clause{$kind}, panic => $panic,
	    says => \@says, args =>
	    ['-smp', 4, '-kernel', $b->{kernel}, '-append',
	    "$append die=$kind watch=2"]);
}

my $same = qr/^die: at (0x[0-9a-f]+)\n.*^panic: [^\n]*address \1\b/ms;

dies('null', qr/address 0x0\b/, qr/^\tdie_null\+/m);
# proves panics wild: TRAP-1 END-1
# proves panics undefined: TRAP-1
dies('wild', qr/./, qr/^(?!panic:)[^\n]*\b8\w*5a5a5a50\b/m,
    qr/^\tdie_wild\+/m);
dies('undefined', qr/./, qr/^\tdie_undefined\+/m);
dies('text', qr/address 0x/, $same, qr/^\tdie_text\+/m);
# What is executed has no frame: its caller's caller is the first to have one.
dies('data', qr/address 0x/, $same, qr/^\tkit_die\+/m);
dies('overflow', qr/guard page/, qr/^\tdie_deeper\+/m);
# A CPU with interrupts off stops where something else reaches it; and the
# first frame is where it was, not where it handled that.
dies('stop', qr/die: stop/, qr/^\tkit_die\+/m,
    (map { qr/^cpu$_: level [^\n]*\n\tdie_spin\+/m } 1, 3),
    qr/^cpu2: level [^\n]*\n\t(?:die_spin\+|did not stop: interrupts off)/m);
dies('watchdog', qr/watchdog: cpu3 has taken no call off its queue for 2 s/,
    qr/^cpu3: level 1, .*queue 2 of \d+, .*depth 1/m,
    qr/^\tis in die_call\(/m, qr/^\tqueued: die_call\(/m,
    qr/^thread main on cpu0 sleeps \(die\)/m,
    qr/^the waiting goes round: cpu1 -> cpu2 -> cpu1$/m,
    qr/^panic: .*X-SOFT-2, X-SPL-1/m,
    qr/^cpu3: level 1[^\n]*thread [^\n]*\n(?:\t[^\n]*\n)*\tdie_call\+/m);
# Every register at its place: 0x5eed000000000000 + 1, + 2 ..., and no other.
dies('registers', qr/trap/, sub {
	my ($out) = @_;
	my ($n) = $out =~ /^die: (\d+) registers$/m;
	my @shown = map { hex } $out =~ /\b5eed([0-9a-f]{12})\b/g;

	return () if defined $n && "@shown" eq join ' ', 1 .. $n;
	return 'TRAP-1: the report should show ' . ($n // 'the') .
	    " registers with 1, 2 and so on in them, but has: @shown";
}, qr/^\tproof_trap\+/m);
exit $b->run(@ARGV);

sub all {
	my @arches = Machines::arches(dirname(dirname($FindBin::Bin)));
	my ($n, $worst) = (0, 0);

	print "1..", scalar @arches, "\n";
	for my $a (@arches) {
		open my $out, '-|', $^X, $0, $a or die "$0: $!\n";
		print "    $_" while <$out>;
		my $ok = close $out;

		print $ok ? '' : 'not ', 'ok ', ++$n, " - $a\n";
		$worst = 1 unless $ok;
	}
	return $worst;
}
