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

# A kernel that is not of this kit, to be measured by the same plugin: what
# LABELS= says of it.  One record a line, words separated by blanks, # begins a
# comment.  A word that begins with @/ is a file beside the image; in a text for
# people it stands for the file's first line.
#
#	arch NAME		md-NAME has its machines and its patterns
#	cell MACHINE/CPUS CONTROLLER	a column; machine and controller as in
#				md-NAME/machines and md-NAME/proof/witness
#	kernel TEXT		its name, for people
#	note TEXT		what differs from this kit's columns
#	args WORDS...		more for QEMU; adds up
#	append WORDS...		the kernel's command line; adds up
#	symbols FILE...		ELF files, or lines "ADDRESS TYPE NAME" as nm
#				and /proc/kallsyms have them; else the image.
#				An ELF file's .md_points are labels.
#	text FROM TO		symbols between which the kernel's functions are
#	label NAME SYMBOL[+HEX]	the stage NAME begins there, tests/plugin/count.c;
#				at each function called so, where there are many
#	within NAME SYMBOL	it begins wherever in this function, if it can
#	looks NAME PATTERN	it begins at instructions that look so
#	entry SYMBOL[+HEX]	where interrupts of another kind enter
#	only NAME		a call that does not come to this label is none
#	icount no		it does not run on a clock that counts
#				instructions: two runs agree in the medians only
#	package ...		not for this

package Image;

use strict;
use warnings;
no warnings 'portable';		# numbers of 64 bits
use File::Basename qw(dirname);
use POSIX qw(WNOHANG);
use Text::ParseWords qw(shellwords);
use Time::HiRes qw(sleep);
use Elf;
use Witness;

my %words = (arch => 1, cell => 2, kernel => 0, note => 0, args => 0,
    append => 0, symbols => 0, text => 2, label => 2, within => 2,
    looks => 0, entry => 1, only => 1, icount => 1, package => 0);

# load(IMAGE, LABELS): what the file says; dies with one line.
sub load {
	my ($image, $file) = @_;
	my %l = (image => $image, file => $file, dir => dirname($image),
	    map { $_ => [] } qw(cell note args append symbols label within
	    looks entry));

	die "IMAGE=$image: $!\n" unless -r $image && (-s $image // 0);
	open my $fh, '<', $file or die "LABELS=$file: $!\n";
	while (<$fh>) {
		my ($record, @w) = split ' ', s/(?:\A|\s)#.*//sr;
		my $n = $words{$record // next};

		die "$file:$.: no record '$record'; there are: " .
		    join(' ', sort keys %words) . "\n" unless defined $n;
		die "$file:$.: '$record' takes " . ($n || 'one or more') .
		    " words, not " . @w . "\n" if $n ? @w != $n : !@w;
		for (@w) {
			s{\A\@/}{$l{dir}/} or next;
			($_) = lines($_) if $record =~ /\A(?:kernel|note)\z/;
		}
		if ($record =~ /\A(?:args|append|symbols)\z/) {
			push @{$l{$record}}, @w;
		} elsif (ref $l{$record}) {
			push @{$l{$record}}, $record eq 'note' ?
			    join(' ', @w) : [$., @w];
		} else {
			die "$file:$.: a second '$record'\n"
			    if defined $l{$record};
			$l{$record} = $n > 1 ? [$., @w] : join ' ', @w;
		}
	}
	for my $need (qw(arch cell kernel label)) {
		die "$file: no record '$need'\n"
		    unless ref $l{$need} ? @{$l{$need}} : $l{$need};
	}
	return \%l;
}

# Reads the symbols: of each name all addresses, and the order for
# Witness::where().
sub symbols {
	my ($l) = @_;
	my (%at, $n);

	$l->{sym} = {};
	$l->{points} = [];
	for my $file (@{$l->{symbols}} ? @{$l->{symbols}} : $l->{image}) {
		open my $fh, '<:raw', $file or die "$file: $!\n";
		read $fh, my $magic, 4;
		close $fh;
		my @syms = $magic eq "\x7fELF" ? elf($l, $file) : nm($file);
		die "$file has no symbols\n" unless @syms;
		for (@syms) {
			push @{$l->{sym}{$_->[1]}}, $_->[0];
			$at{$_->[0]} //= $_->[1];
		}
	}
	$l->{at} = [map { [$_, $at{$_}] } sort { $a <=> $b } keys %at];
}

sub lines {
	my ($file) = @_;

	open my $fh, '<', $file or die "$file: $!\n";
	chomp(my @lines = <$fh>);
	return @lines;
}

sub nm {
	my ($file) = @_;

	return map { /\A([0-9a-f]{8,16}) [tTwW] (\S+)/ ? [hex $1, $2] : () }
	    lines($file);
}

sub elf {
	my ($l, $file) = @_;
	my $elf = Elf::sections($file);
	my ($table, $names, $points) = map { ($elf->{$_} // {})->{data} }
	    qw(.symtab .strtab .md_points);
	my @syms;

	die "$file has no symbols: no section .symtab\n"
	    unless defined $table && defined $names;
	for (my $o = 0; $o < length $table; $o += 24) {
		my ($name, $info, undef, $section, $value) =
		    unpack 'L< C C S< Q<', substr $table, $o, 24;
		my $s = unpack 'Z*', substr $names, $name, 256;

		push @syms, [$value, $s] if $s ne '' && $section &&
		    $s !~ /\A\$[a-z]/ && ($info & 15) <= 2;
	}
	my @flat = unpack "($elf->{'.md_points'}{word} Z*)*", $points // '';
	while (my ($addr, $name) = splice @flat, 0, 2) {
		push @{$l->{points}}, [$name, $addr];
	}
	push @{$l->{texts}}, [$elf->{'.text'}{addr},
	    $elf->{'.text'}{addr} + length $elf->{'.text'}{data}]
	    if $elf->{'.text'};
	return @syms;
}

# The addresses of SYMBOL or SYMBOL+HEX.
sub addresses {
	my ($l, $line, $text) = @_;
	my ($name, $offset) = $text =~ /\A(.+?)(?:\+0x([0-9a-f]+))?\z/;
	my $at = $l->{sym}{$name} or die "$l->{file}:$line: no symbol " .
	    "'$name' in " . join(' ', @{$l->{symbols}} ? @{$l->{symbols}} :
	    $l->{image}) . "\n";

	return map { $_ + hex($offset // 0) } @$at;
}

# The function that begins at an address ends where the next one begins.
sub function_end {
	my ($l, $addr) = @_;
	my ($lo, $hi) = (0, scalar @{$l->{at}});

	while ($hi - $lo > 1) {
		my $mid = ($lo + $hi) >> 1;

		($l->{at}[$mid][0] <= $addr ? $lo : $hi) = $mid;
	}
	return $hi < @{$l->{at}} ? $l->{at}[$hi][0] : $addr + 4;
}

# The labels in the words of the plugin.
sub labels {
	my ($l) = @_;
	my (@lines, @missing);
	my %have = map { $_->[0] => 1 } @{$l->{points}};

	$have{$_->[1]} = 1 for map { @{$l->{$_}} } qw(label within looks);
	for my $need ('post', 'vector', 'call', 'leave', '@begin', '@done') {
		die "$l->{file}: no label '$need'\n" unless $have{$need};
	}
	die "$l->{file}: no label '\@case NAME'\n"
	    unless grep { /\A\@case / } keys %have;
	if ($l->{text}) {
		my ($line, $from, $to) = @{$l->{text}};

		push @lines, sprintf "text %x %x\n",
		    map { (addresses($l, $line, $_))[0] } $from, $to;
	}
	push @lines, map { sprintf "text %x %x\n", @$_ } @{$l->{texts}};
	push @lines, map { sprintf "label %x %s\n", $_->[1], $_->[0] }
	    @{$l->{points}};
	for (@{$l->{label}}) {
		my ($line, $name, $symbol) = @$_;

		push @lines, map { sprintf "label %x %s\n", $_, $name }
		    addresses($l, $line, $symbol);
	}
	for (@{$l->{within}}) {
		my ($line, $name, $symbol) = @$_;

		push @lines, map { sprintf "within %x %x %s\n", $_,
		    function_end($l, $_), $name }
		    addresses($l, $line, $symbol);
	}
	for (@{$l->{looks}}) {
		my (undef, $name, @pattern) = @$_;

		push @lines, "looks $name " .
		    Witness::pattern(join ' ', @pattern) . "\n";
	}
	for (@{$l->{entry}}) {
		my ($line, $symbol) = @$_;

		push @lines, map { sprintf "entry %x\n", $_ }
		    addresses($l, $line, $symbol);
	}
	push @lines, "only $l->{only}\n" if $l->{only};
	return @lines;
}

# QEMU's command line for a cell, with more of it.
sub command {
	my ($l, $cell, $append, @more) = @_;
	my @words = shellwords(scalar `'$^X' tests/boot.pl --print '$cell'`);
	my @command;

	die "$l->{file}: no cell '$cell': see tests/boot.pl --list\n"
	    unless @words;
	while (defined(my $w = shift @words)) {
		if ($w eq '-append' || $w eq '-kernel') {
			shift @words;
			next;
		}
		push @command, $w;
	}
	return (@command, @more, @{$l->{args}}, '-kernel', $l->{image},
	    '-append', join ' ', @{$l->{append}}, $append ? $append : ());
}

# Runs a command, with what it says in a file, for so many seconds at most.
# Returns what went wrong.
sub run {
	my ($file, $limit, @command) = @_;
	my $pid = fork // die "fork: $!\n";
	my $end = time + $limit;
	my $gone;

	if ($pid == 0) {
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', $file or POSIX::_exit(127);
		open STDERR, '>&', \*STDOUT;
		exec { $command[0] } @command or POSIX::_exit(127);
	}
	local @SIG{qw(INT TERM)} = (sub { kill KILL => $pid; exit 1 }) x 2;
	while (($gone = waitpid $pid, WNOHANG) == 0 && time < $end) {
		sleep 0.05;
	}
	return $? == 0 ? undef : "the emulator ended with status " . ($? >> 8)
	    if $gone;
	kill KILL => $pid;
	waitpid $pid, 0;
	return "it did not end in $limit seconds";
}

1;
