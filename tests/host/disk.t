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

# The disk of `make image': the same bytes each time, and each firmware that
# boots from a disk boots it.  make has built the kernels of ARCHES.

use strict;
use warnings;
use Digest::SHA;
use File::Temp qw(tempdir);
use FindBin;
use Test::More;
use lib "$FindBin::Bin/../lib";
use Machines;

my $dir = tempdir(CLEANUP => 1);
my $n;

$ENV{PATH} .= ':/usr/sbin:/sbin';
delete @ENV{qw(IMAGE HARNESS_ACTIVE)};

# image.sh with these arguments: its status, and what it says.
sub image {
	my $said = join ' ', map { "'$_'" } @_;

	$said = `sh mk/image.sh $said 2>&1`;
	return ($? >> 8, $said);
}

sub digest { return Digest::SHA->new(256)->addfile($_[0])->hexdigest }

my ($status, $said) = image("$dir/none", "$dir/a.img");
my ($missing) = $said =~ /no (\w+) \(Debian: packages/;
plan skip_all => "no $missing here (./setup --all)" if defined $missing;

ok($status == 1 && $said =~ m{^make image: no EFI program in \S+/none: }m &&
    ! -e "$dir/a.img", 'nothing to put there');
mkdir "$dir/EFI";
($status, $said) = image("$dir/EFI", "$dir/no/a.img");
ok($status != 0 && $said =~ /cannot (?:open|write)/, 'nowhere to put it') or
    diag($said);
{
	local $ENV{PATH} = "$dir/bin";
	mkdir "$dir/bin";
	symlink "/bin/sh", "$dir/bin/sh";
	$said = `sh mk/image.sh $dir/EFI $dir/a.img 2>&1`;
	$status = $? >> 8;
}
SKIP: {
	skip 'sfdisk is where every system has it', 1 if $status == 0;
	like($said, qr/^make image: no (?:sfdisk|mformat|mcopy) \(Debian: /,
	    'a tool is missing');
}

for my $arch (split ' ', $ENV{ARCHES} // join ' ', Machines::arches('.')) {
	my $t = Machines::load('.', $arch);
	my $efi = "obj/$arch/mp/EFI";
	my $words = join ' ', @{$t->{append}}, 'tests=run_pairs';

	SKIP: {
		skip "$arch has no EFI program", 1 unless -d $efi;
		image($efi, "$dir/1.img", $words);
		sleep 2;	# what a file's time can tell apart
		image($efi, "$dir/2.img", $words);
		is(digest("$dir/1.img"), digest("$dir/2.img"),
		    "$arch: the same bytes again");
	}
	for my $f (sort grep { $t->{firmware}{$_}{disk} }
	    keys %{$t->{firmware}}) {
		# The first machine that this firmware knows.
		my ($cell) = grep { eval { Machines::parse('.', $_); 1 } }
		    map { "$arch/$_/2/$f" } @{$t->{names}};

		$said = `IMAGE=$dir/1.img perl tests/boot.pl $cell 2>&1`;
		$status = $?;
		SKIP: {
			skip "$cell: $1", 1
			    if $said =~ /^1\.\.0 # SKIP (.*)/m;
			ok($status == 0 && $said =~
			    /^ok 1 - xcall\.run_pairs$/m, "$cell boots it") or
			    diag($said);
		}
	}
}
done_testing;
