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


# tests/compare/time.pl: a console by the clock, and what is no such console.

use strict;
use warnings;
use File::Temp qw(tempdir);
use FindBin;
use JSON::PP ();
use Test::More;

my $dir = tempdir(CLEANUP => 1);
my $top = "$FindBin::Bin/../..";
my $json = "$top/obj/compare/time-invented.json";

my $begin = "==== portkit begin arch=invented cpus=2 ====\n1..1\n";
my $time = "# time running calls=5000 hz=1000000000 call=10,20,300 " .
    "done=40,50,600\n";
my $end = "==== portkit end tests=1 failed=0 lines=3 ====\n";

# Exit status and what it says, of a console.
sub of {
	my ($text) = @_;

	open my $fh, '>', "$dir/log" or die "$dir/log: $!";
	print $fh $text;
	close $fh;
	my $said = `perl $top/tests/compare/time.pl LOG=$dir/log 2>&1`;
	return ($? >> 8, $said);
}

unlink $json;
for ([$begin . $time, 'no end marker'], [$time . $end, 'no begin marker'],
    [$begin . $end, 'was suite=time'],
    [$begin . $time . ($end =~ s/failed=0/failed=1/r), '1 failed']) {
	my ($status, $said) = of($_->[0]);

	is($status, 1, "$_->[1]: a failure");
	like($said, qr/\Atime\.pl: .*\Q$_->[1]\E.*\n\z/, 'said in one line');
	ok(!-e $json, 'and nothing is written');
}
my ($status, $said) = of("noise\r\n$begin$time$end");
is($status, 0, 'a whole console');
like($said, qr/^running +10 +20 +300 +40 +50 +600$/m, 'in nanoseconds');
open my $fh, '<', $json or die "$json: $!";
my $j = JSON::PP::decode_json(do { local $/; <$fh> });
is("$j->{schema} $j->{version} $j->{kind} $j->{by}",
    'portkit-compare 1 time console', 'what it is');
is_deeply($j->{cases}[0]{done}{ns}, { min => 40, median => 50, p99 => 600 },
    'its numbers');
unlink $json;
$said = `perl $top/tests/compare/time.pl ARCH=nonesuch 2>&1`;
is($? >> 8, 2, 'no such architecture: wrong usage');
like($said, qr/\Atime\.pl: which ARCH=\? .*\n\z/, 'in one line');
done_testing;
