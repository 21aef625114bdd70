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

# verdict.pl LOG [ARCH]: judge a saved console (a board's, say) exactly as
# the boot runner judges a running machine.  LOG may be - for the standard
# input.  Exit status: 0 all passed, 1 a test failed or the console is not
# whole, 2 wrong usage.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Verdict;

my $USAGE = "usage: verdict.pl LOG [ARCH]";

sub usage {
	print STDERR "verdict.pl: $_[0]\n";
	exit 2;
}

if (@ARGV && $ARGV[0] =~ /\A(?:-h|--help)\z/) {
	print "$USAGE\n";
	exit 0;
}
for my $arg (@ARGV) {
	usage("no option '$arg'; $USAGE") if $arg =~ /\A-./;
}
usage($USAGE) if @ARGV < 1 || @ARGV > 2;

my ($log, $arch) = @ARGV;
my ($fh, $bytes, $n);

if ($log eq '-') {
	$fh = \*STDIN;
} else {
	usage("$log is a directory, not a saved console") if -d $log;
	open $fh, '<', $log or usage("cannot read $log: $!");
}
binmode $fh;

my $v = Verdict->new(arch => $arch);

$v->feed($bytes) while $n = sysread $fh, $bytes, 65536;
usage("cannot read $log: $!") unless defined $n;
$v->finish;

print $v->verdict, "\n";
print "# $_\n" for $v->details;
print "# $_\n" for $v->passed ? () : $v->tail($log);
exit($v->passed ? 0 : 1);
