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

# Does `make lint' see it?  Each mistake in a file of its own.  And the hooks:
# what they refuse.

use strict;
use warnings;
use File::Temp qw(tempdir);
use FindBin;
use Test::More;

chdir "$FindBin::Bin/../.." or die "cannot find the top of the tree: $!\n";

my $dir = tempdir(CLEANUP => 1);
my $C = "void\nf(int a)\n{\n\tif (a)\n\t\tg(a, 1);\n}\n";
# check, the tool it takes, file, text, what is said.
my @mistakes = (
	[text => '', 'a.c', $C =~ s/;/; /r, 'a.c:5: blanks at the end'],
	[text => '', 'a.c', $C =~ s/\t\t/        \t/r,
	    'a.c:5: spaces where a tab is meant'],
	[text => '', 'a.h', '/* ' . 'x' x 75 . " */\n",
	    'a.h:1: longer than 80 columns'],
	[text => '', 'a', "x\n\n", 'a: it does not end with one newline'],
	[notice => '', 'a.S', "nop\n", 'a.S: no licence notice'],
	[format => 'clang-format', 'a.c', $C =~ s/if \(/if(/r,
	    'a.c: is if(a) and should be if (a)'],
	[format => 'clang-format', 'a.c', $C =~ s/g\(a, /g( a,/r,
	    'a.c: is g( a,1); and should be g(a, 1);'],
	[shell => 'shellcheck', 'a', "#!/bin/sh\nrm \$1\n", 'a:2:4: note: '],
	[perl => '', 'a', "#!/usr/bin/perl\nmy \$a;\nmy \$a;\n",
	    '"my" variable $a masks'],
	[manual => 'mandoc', 'a.9', ".Dd January 1, 2026\n.Dt A 9\n.Os\n" .
	    ".Sh NAME\n.Nm a\n.Nd b\n.Sh SEE ALSO\n.Xr nowhere 9\n",
	    'referenced manual not found: Xr nowhere 9'],
	[spelling => 'codespell', 'a', "Rec" . "ieve it.\n",
	    'a:1: Rec' . 'ieve ==>'],
);

sub spew {
	my ($file, $text) = @_;

	open my $fh, '>', $file or die "$file: $!\n";
	print $fh $text;
	close $fh or die "$file: $!\n";
}

for my $mistake (@mistakes) {
	my ($check, $tool, $file, $text, $says) = @$mistake;

	SKIP: {
		skip "$tool is missing: ./setup --lint", 1 if $tool ne '' &&
		    system("command -v $tool >/dev/null 2>&1") != 0;
		spew("$dir/$file", $text);
		my $said = `$^X mk/lint.pl $check $dir/$file 2>&1`;
		ok($? >> 8 == 1 && index($said, $says) >= 0,
		    "$check: $says") or diag($said);
	}
}
spew("$dir/a.c", $C);
my $said = `$^X mk/lint.pl text $dir/a.c 2>&1`;
is($said, "text: ok\n", 'nothing is said of what is right');
$said = `$^X mk/lint.pl text $dir/none 2>&1`;
like($said, qr/^lint: there is no check and no file '.*none'/,
    'a file that is not there');

# A message as git gives it to the hook.
sub message {
	my ($text) = @_;

	spew("$dir/message", $text);
	return `sh mk/hooks/commit-msg $dir/message 2>&1`;
}

is(message("md-x: ring after the store\n\nBecause.\n"), '',
    'a message that is in order');
is(message("Merge branch 'x'\n"), '', 'what git writes itself');
like(message("Fixed things\n"), qr/area: lower-case summary/, 'no area');
like(message('mi: ' . 'x' x 80 . "\n\nBecause.\n"), qr/72 columns/,
    'too long a summary');
like(message("mi: x\nBecause.\n"), qr/second line/, 'no empty line');
done_testing;
