#!/usr/bin/perl
#
# Copyright (c) 2026 the portkit authors
#
# Permission to use, copy, modify, and distribute this software for any
# purpose with or without fee is hereby granted, provided that the above
# copyright notice and this permission notice appear in all copies.
#
# THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES.

# Rules on emitted code: usage: rules.pl md-X/proof/rules ...
#
# An emulator executes a doorbell without its barrier as if it were there; so
# the instructions themselves are judged, in every kernel that has been built
# under obj/X.  This file knows no architecture: what an instruction is, and
# what is asked of it, stands in the table it is given.
#
# A table has lines of a word, a tab and the rest; # begins a comment.  First
# come settings; patterns are Perl's, on one instruction as llvm-objdump
# prints it, blanks squeezed, and {NAME} in them is what define gave:
#
#	define NAME PATTERN
#	branch PATTERN	a direct jump, conditional or not
#	call PATTERN	a call; the flow goes on behind it, if it returns
#	stop PATTERN	the flow does not go on to the next instruction
#	return PATTERN	... and leaves the routine
#	address PATTERN	computes an address, the target printed behind it; $1,
#			if there is one, is its distance
#	taken PATTERN	relocations that are a whole address
#	stubs SYMBOL SIZE COUNT	entries that are reached by arithmetic
#	skip SYMBOL REASON	code that is not of this instruction set
#
# Then rules.  Each has a name, the clauses it guards, why, and what to do;
# then what it looks at:
#
#	at PATTERN	these instructions
#	in PATTERN	... of symbols of this name only
#	where A => B	... if the last one before that matches A matches B; BASE
#			is the register of the address
#	from PATTERN	the routines of this name, from their first instruction
#	first function	what is reached through an address: a symbol's start
#	first label	... or another place, its address computed by code
#	segments	the program headers
#	when PATTERN	only if the kernel has a symbol of this name
#
# and what it asks, A ; B being two in a row:
#
#	before A	on every way to it there is an A,
#	after A		or on every way from it,
#	no B		and no B in between;
#	open		no A at all, up to the end of the routine, will do
#	prev A, next A	directly before it, directly after it
#	is A		it is an A itself
#	never A		no instruction is an A
#	exempt SYMBOL REASON	not this one
#
# WORD= in the environment is the one rule that is judged, in the kernel for
# several CPUs alone.
#
# A table of rules on what the compiler is told, tests/order.rules, is read
# for every architecture: its instructions are those of the intermediate code
# of tests/order.c, and it needs no settings.
#
# bad and good are examples in assembler, at least one of each: they are
# assembled and judged first, so that a rule that no longer says what it
# should, or a disassembler that prints otherwise, is noticed.  A rule that
# finds nothing to look at in a kernel fails.

use strict;
use warnings;
no warnings "portable";		# addresses of 64 bits

my $objdump = tool('llvm-objdump');
my $readelf = tool('llvm-readelf');
my $clang = $ENV{CC} || 'clang';
my $kernels = $ENV{KERNELS} || 'obj';
my ($count, $failed) = (0, 0);

sub tool
{
	my ($name) = @_;
	my @dirs = split /:/, $ENV{PATH};

	(my $env = uc $name) =~ tr/-/_/;
	return $ENV{$env} if $ENV{$env};
	for my $try ($name, map { "$name-$_" } reverse 14 .. 30) {
		return $try if grep { -x "$_/$try" } @dirs;
	}
	print "1..0\nBail out! $name is not there, and the rules on emitted",
	    " code need it: ./setup installs it (Debian: package llvm)\n";
	exit 1;
}

sub result
{
	my ($ok, $name, @notes) = @_;

	$count++;
	$failed++ if !$ok;
	print $ok ? 'ok' : 'not ok', " $count - rules.$name\n";
	print "# $_\n" for @notes;
}

sub lines
{
	my @cmd = @_;

	open my $pipe, '-|', @cmd or die "rules.pl: $cmd[0]: $!\n";
	my @lines = <$pipe>;
	close $pipe or die "rules.pl: @cmd failed\n";
	chomp @lines;
	return @lines;
}

# The table: settings and a list of rules.
sub read_table
{
	my ($file) = @_;
	my (%t, %define, $rule);
	my %list = map { $_ => 1 } qw(bad good exempt stubs skip);

	open my $fh, '<', $file or die "rules.pl: $file: $!\n";
	while (<$fh>) {
		chomp;
		next if /^\s*(#|$)/;
		my ($word, $rest) = /^(\S+)(?:\s+(.*))?$/;
		$rest //= '';
		if ($word eq 'define') {
			my ($name, $re) = split ' ', $rest, 2;
			$re =~ s/\{([A-Z]\w*)\}/$define{$1}/g;
			$define{$name} = "(?:$re)";
			next;
		}
		if ($word eq 'rule') {
			$rule = { name => $rest, line => $. };
			push @{$t{rules}}, $rule;
			next;
		}
		my $to = $rule // \%t;
		if ($list{$word}) {
			push @{$to->{$word}}, $rest;
			next;
		}
		die "$file:$.: $word twice\n" if exists $to->{$word};
		if ($word !~ /^(?:clause|why|do|first)$/) {
			$rest =~ s/\{([A-Z]\w*)\}/$define{$1} \/\/
			    die "$file:$.: no $1\n"/ge;
		}
		if ($word =~ /^(?:before|after|prev|next|is)$/) {
			$to->{$word} = [ map { qr/$_/ } split / ; /, $rest ];
		} elsif ($word eq 'where') {
			$to->{$word} = [ map { qr/$_/ } split / => /, $rest ];
		} elsif ($word =~ /^(?:clause|why|do|first|segments|open)$/) {
			$to->{$word} = $rest;
		} else {
			$to->{$word} = qr/$rest/;
		}
	}
	for $rule (@{$t{rules}}) {
		for (qw(clause why do)) {
			die "$file:$rule->{line}: rule $rule->{name}: no $_\n"
			    if !defined $rule->{$_};
		}
	}
	return \%t;
}

# The instructions of a file, and the ways between them.
sub read_code
{
	my ($t, $file) = @_;
	my %k = (insn => [], at => {}, start => {}, sym => {});
	my ($sym, $addr, $skip) = ('', 0, 0);
	my %skip = map { (split)[0] => 1 } @{$t->{skip} // []};

	for (lines($objdump, '-d', '--no-show-raw-insn', $file)) {
		if (/^([0-9a-f]+) <(.+)>:$/) {
			next if $2 =~ /^\$/;	# says only code, or data
			($addr, $sym) = (hex $1, $2);
			$skip = $skip{$sym};
			$k{sym}{$sym} = $addr;
			next;
		}
		next if $skip || !/^\s*([0-9a-f]+):\s+(\S.*)$/;
		my ($a, $text) = (hex $1, $2);
		$text =~ s/\s+(?:#|\/\/) imm = \S+//;
		my $to;
		if ($text =~ s/\s+(?:#|\/\/) 0x([0-9a-f]+)(?: <.*>)?$//) {
			$to = hex $1;
		} elsif ($text =~ /\b0x([0-9a-f]+) <[^>]*>$/) {
			$to = hex $1;
		}
		$text =~ tr/ \t/ /s;
		my $show = $text;
		$text =~ s/ <[^>]*>$//;
		$text =~ s/ $//;
		next if $text =~ /\.(?:word|byte|long|short)\b|^<unknown>/;
		$to = $a + $1 if !defined $to && $t->{address} &&
		    $text =~ $t->{address} && defined $1;
		$k{at}{$a} = @{$k{insn}};
		push @{$k{insn}}, { addr => $a, text => $text, show => $show, to => $to,
		    sym => $sym, off => $a - $addr };
	}
	# Names that share an address are not all printed.
	for (lines($readelf, '-sW', $file)) {
		my ($value, $name) = /^\s*\d+:\s+([0-9a-f]+)\s+\d+\s+
		    (?:FUNC|NOTYPE)\s+\S+\s+\S+\s+\d+\s+([^\s\$]\S*)/x or next;
		$value = hex $value;
		$k{sym}{$name} = $value if exists $k{at}{$value};
	}
	$k{start}{$_} = 1 for grep { exists $k{at}{$_} } values %{$k{sym}};
	flow($t, \%k);
	return \%k;
}

# The same of the compiler's intermediate code.
sub read_ir
{
	my @lines = @_;
	my %k = (insn => [], at => {}, sym => {});
	my $insn = $k{insn};
	my (%label, $sym, $more);

	for (@lines) {
		$sym = $1, next if /^define .*\@([\w.]+)\(/;
		$sym = undef if /^\}/;
		next if !defined $sym;
		$label{"$sym $1"} = @$insn, next if /^([-\w.\$]+):/;
		s/^\s+|\s+$//g;
		next if $_ eq '' || /^;/;
		# The cases of a switch have lines of their own.
		$insn->[-1]{text} .= " $_", next if $more;
		$more = /^switch .*\[$/;
		$k{sym}{$sym} //= @$insn;
		$k{at}{@$insn} = @$insn;
		push @$insn, { addr => scalar @$insn, text => $_,
		    sym => $sym, off => @$insn - $k{sym}{$sym} };
	} continue {
		$more = 0 if $more && /\]/;
	}
	for my $i (0 .. $#$insn) {
		my $n = $insn->[$i];
		my ($text, $of) = @$n{qw(text sym)};

		$n->{show} = $text =~ s/, ![\w.]+ !\d+//gr;
		$n->{next} = $text =~ /^(?:ret|unreachable)\b/ ? [] :
		    $text =~ /^(?:br|switch) / ? [ map { $label{"$of $_"} //
		    die "rules.pl: $of: no label $_\n" }
		    $text =~ /label %([-\w.\$]+)/g ] : [ $i + 1 ];
		push @{$insn->[$_]{prev}}, $i for @{$n->{next}};
	}
	return \%k;
}

# next, prev: which instructions come after and before.  A routine that never
# returns is found by looking whether its end can be reached; behind a call
# to it the flow does not go on.
sub flow
{
	my ($t, $k) = @_;
	my $insn = $k->{insn};
	my (%never, $again);

	for my $i (0 .. $#$insn) {
		my $n = $insn->[$i];
		$n->{call} = $n->{text} =~ $t->{call};
		$n->{return} = $n->{text} =~ $t->{return};
		my @next;
		if (defined $n->{to} && !$n->{call} &&
		    $n->{text} =~ $t->{branch}) {
			my $j = $k->{at}{$n->{to}};
			push @next, $j if defined $j;
		}
		push @next, $i + 1 if $n->{text} !~ $t->{stop} &&
		    !$n->{return} && $i < $#$insn;
		$n->{next} = \@next;
	}
	do {
		$again = 0;
		for my $start (keys %{$k->{start}}) {
			next if $never{$start} || !exists $k->{at}{$start};
			my @todo = ($k->{at}{$start});
			my (%seen, $returns);
			while (defined(my $i = pop @todo)) {
				next if $seen{$i}++;
				my $n = $insn->[$i];
				$returns = 1, last if $n->{return};
				push @todo, @{$n->{next}};
			}
			next if $returns;
			$never{$start} = $again = 1;
		}
		for my $n (@$insn) {
			$n->{next} = [] if $n->{call} && defined $n->{to} &&
			    $never{$n->{to}};
		}
	} while ($again);
	for my $i (0 .. $#$insn) {
		push @{$insn->[$_]{prev}}, $i for @{$insn->[$i]{next}};
	}
}

# What is reached through an address: a relocation that is not a jump's, or
# an instruction that computes one.
sub read_targets
{
	my ($t, $k, $file) = @_;
	my ($section, %taken, $relocs, %loaded);
	my $insn = $k->{insn};

	for (lines($readelf, '-SW', $file)) {
		$loaded{$1} = 1 if
		    /^\s*\[\s*\d+\]\s+(\S+)(?:\s+\S+){5}\s+\w*A/;
	}
	for (lines($readelf, '-rW', $file)) {
		$section = $1, next if /^Relocation section '\.rela?(\S+)'/;
		next if !defined $section || !$loaded{$section};
		my ($off, undef, $type, $val, $name, $sign, $add) =
		    /^([0-9a-f]+)\s+([0-9a-f]+)\s+(\S+)\s+([0-9a-f]+)
		    (?:\s+(\S+))?(?:\s+([-+])\s+([0-9a-f]+))?/x or next;
		$relocs++;
		next if $type !~ $t->{taken};
		$add = hex($add // 0);
		my $to = hex($val) + (($sign // '+') eq '-' ? -$add : $add);
		$taken{$to} = $k->{start}{$to} ? 'function' : 'case';
	}
	die "rules.pl: $file has no relocations\n" if !$relocs;
	for my $n (@$insn) {
		# One that takes its own address has the base of a table.
		next if !defined $n->{to} || $n->{text} !~ $t->{address} ||
		    $n->{to} == $n->{addr};
		$taken{$n->{to}} = $k->{start}{$n->{to}} ? 'function' :
		    'label';
	}
	for (@{$t->{stubs} // []}) {
		my ($sym, $size, $num) = split;
		my $base = $k->{sym}{$sym} or die "rules.pl: no $sym\n";
		$taken{$base + $_ * $size} = 'function' for 0 .. $num - 1;
	}
	$k->{target} = { map { $_ => $taken{$_} }
	    grep { exists $k->{at}{$_} } keys %taken };
}

# One pseudo-instruction for each program header that is loaded.
sub read_segments
{
	my ($file) = @_;
	my (@segs, $end);

	for (lines($readelf, '-lW', $file)) {
		my ($va, $size, $flags) =
		    /^\s+LOAD\s+\S+\s+0x(\S+)\s+\S+\s+\S+\s+0x(\S+)\s+(...)/
		    or next;
		my $text = "segment at 0x$va: " .
		    join(' ', $flags =~ /\S/g);
		$text .= ' shares a page with the one before' if
		    defined $end && hex($va) >> 12 < $end;
		$end = hex($va) + hex($size) + 4095 >> 12;
		push @segs, { text => $text, show => $text, sym => 'segments',
		    off => 0 };
	}
	return \@segs;
}

sub place
{
	my ($n) = @_;

	return sprintf '%s+0x%x: %s', $n->{sym}, $n->{off}, $n->{show};
}

# Does the sequence of patterns end, or begin, with this instruction?
sub match
{
	my ($insn, $i, $list, $end) = @_;

	for my $j (0 .. $#$list) {
		my $n = $i + $j - ($end ? $#$list : 0);
		return 0 if $n < 0 || $n > $#$insn ||
		    $insn->[$n]{text} !~ $list->[$j];
	}
	return 1;
}

# Follow every way from an instruction until one that is wanted; NULL, or
# where a way came to without it.
sub follow
{
	my ($k, $r, $i, $dir, $want, $self) = @_;
	my $insn = $k->{insn};
	my (%seen, @todo);

	@todo = $self ? ($i) : ways($k, $i, $dir);
	return $insn->[$i] if !@todo && !defined $r->{open};
	while (defined(my $j = pop @todo)) {
		next if $seen{$j}++;
		my $n = $insn->[$j];
		next if match($insn, $j, $want, $dir eq 'prev');
		return $n if defined $r->{no} && $n->{text} =~ $r->{no};
		my @ways = ways($k, $j, $dir);
		return $n if !@ways && !defined $r->{open};
		# The start of a routine may also be a loop's.
		return $n if $dir eq 'prev' && !defined $r->{open} &&
		    ($k->{target}{$n->{addr}} || $k->{called}{$n->{addr}});
		push @todo, @ways;
	}
	return undef;
}

sub ways
{
	my ($k, $i, $dir) = @_;

	return @{$k->{insn}[$i]{$dir} // []};
}

# The last instruction before that matches the one pattern: does it match
# the other?
sub where
{
	my ($k, $i, $def, $is) = @_;
	my ($base) = $k->{insn}[$i]{text} =~ /\[(\w+)/;
	my (%seen, @todo);

	s/BASE/$base/g for defined $base ? ($def, $is) : ();
	@todo = ways($k, $i, 'prev');
	while (defined(my $j = pop @todo)) {
		next if $seen{$j}++;
		if ($k->{insn}[$j]{text} =~ $def) {
			return 1 if $k->{insn}[$j]{text} =~ $is;
			next;
		}
		push @todo, ways($k, $j, 'prev');
	}
	return 0;
}

# What a rule looks at.
sub subjects
{
	my ($k, $r, $exempt) = @_;
	my $insn = $k->{insn};
	my @subject;

	if (defined $r->{first}) {
		@subject = map { $k->{at}{$_} } sort { $a <=> $b }
		    grep { $k->{target}{$_} eq $r->{first} }
		    keys %{$k->{target}};
	} elsif (defined $r->{from}) {
		@subject = map { $k->{at}{$_} } grep { exists $k->{at}{$_} }
		    map { $k->{sym}{$_} } grep { /$r->{from}/ }
		    sort keys %{$k->{sym}};
	} else {
		my $at = $r->{at} // qr/./;
		@subject = grep { $insn->[$_]{text} =~ $at } 0 .. $#$insn;
	}
	return @subject if !%$exempt && !defined $r->{in} &&
	    !defined $r->{where};
	return grep {
		my $n = $insn->[$_];
		my $sym = $n->{sym};
		my $drop = exists $exempt->{$n->{addr} // ''};
		$exempt->{$n->{addr}}++ if $drop;
		!$drop && (!defined $r->{in} || $sym =~ $r->{in}) &&
		    (!defined $r->{where} || where($k, $_, @{$r->{where}}));
	} @subject;
}

# Returns how many places a rule looked at, and what is wrong with each.
sub judge
{
	my ($k, $r) = @_;
	my $insn = $k->{insn};
	my %exempt = map { ($k->{sym}{(split)[0]} // $_) => 0 }
	    @{$r->{exempt} // []};
	my (@wrong, $at);
	my @subject = subjects($k, $r, \%exempt);

	for my $i (@subject) {
		my $bad;
		if (defined $r->{never}) {
			$bad = '' if $insn->[$i]{text} =~ $r->{never};
		} elsif (defined $r->{is}) {
			$bad = '' if !match($insn, $i, $r->{is}, 0);
		} elsif (defined $r->{prev}) {
			$bad = '' if !match($insn, $i - 1, $r->{prev}, 1);
		} elsif (defined $r->{next}) {
			$bad = '' if !match($insn, $i + 1, $r->{next}, 0);
		} elsif (defined $r->{before}) {
			$at = follow($k, $r, $i, 'prev', $r->{before}, 0);
			$bad = ', after ' . place($at) if defined $at;
		} else {
			$at = follow($k, $r, $i, 'next', $r->{after},
			    defined $r->{from});
			$bad = ', then ' . place($at) if defined $at;
		}
		push @wrong, place($insn->[$i]) . $bad if defined $bad;
	}
	push @wrong, map { "exempt: nothing is: $_" }
	    grep { $exempt{$_} == 0 } keys %exempt;
	return (scalar @subject, @wrong);
}

sub assembled
{
	my ($t, $asm, $target) = @_;
	my %plain = %$t;

	(my $obj = $asm) =~ s/s$/o/;
	my @cmd = ($clang, "--target=$target", '-c', '-o', $obj, $asm);
	system(@cmd) == 0 or die "rules.pl: @cmd failed\n";
	delete $plain{skip};
	return read_code(\%plain, $obj);
}

# The examples: each is a routine of its own, and judged as the rule says,
# whatever the names in it.
sub examples
{
	my ($t, $arch, $target) = @_;
	my ($asm, $n, %of, @ir) = ("obj/rules/$arch.s", 0);

	mkdir 'obj';
	mkdir 'obj/rules';
	open my $fh, '>', $asm or die "rules.pl: $asm: $!\n";
	for my $r (grep { !exists $_->{segments} } @{$t->{rules}}) {
		for my $kind (qw(bad good)) {
			for (@{$r->{$kind} // []}) {
				$of{"example$n"} = [ $r, $kind, $_ ];
				print $fh ".text; .p2align 6; .globl ",
				    "example$n; example$n: $_\n"
				    if defined $target;
				push @ir, "define \@example$n(",
				    split(/; /), '}';
				$n++;
			}
		}
	}
	close $fh;
	my $k = defined $target ? assembled($t, $asm, $target) : read_ir(@ir);
	my %wrong;
	for my $name (sort keys %of) {
		my ($r, $kind, $text) = @{$of{$name}};
		my %r = (%$r, in => qr/^$name$/);
		delete $r{exempt};
		$r{from} = qr/^$name$/ if defined $r{from};
		$k->{target} = { map { $_ => $r{first} // '' }
		    $k->{sym}{$name} };
		my ($num, @bad) = judge($k, \%r);
		next if $kind eq 'bad' ? $num == 0 || @bad > 0 :
		    $num > 0 && @bad == 0;
		push @{$wrong{$r{name}}}, "$kind example '$text': " .
		    ($num == 0 ? 'not seen at all' : @bad ? 'is judged wrong' :
		    'is judged right');
	}
	for my $r (grep { !exists $_->{segments} } @{$t->{rules}}) {
		push @{$wrong{$r->{name}}}, 'it needs a bad and a good example'
		    if !@{$r->{bad} // []} || !@{$r->{good} // []};
	}
	result(!%wrong, "examples $arch: each rule sees its own",
	    map { my $r = $_; map { "rule $r: $_" } @{$wrong{$r}} }
	    sort keys %wrong);
}

# The kernel that is booted may be the same, but flat.
sub same_image
{
	my ($name, $elf, $flat) = @_;
	my ($first, @wrong);

	local $/;
	open my $fh, '<:raw', $elf or die "rules.pl: $elf: $!\n";
	my $bytes = <$fh>;
	open $fh, '<:raw', $flat or die "rules.pl: $flat: $!\n";
	my $image = <$fh>;
	close $fh;
	for (split /\n/, join "\n", do { local $/ = "\n";
	    lines($readelf, '-lW', $elf) }) {
		my ($off, $va, $size) =
		    /^\s+LOAD\s+0x(\S+)\s+0x(\S+)\s+\S+\s+0x(\S+)/ or next;
		$first //= hex $va;
		push @wrong, "segment at 0x$va differs from the ELF file's" if
		    substr($bytes, hex $off, hex $size) ne
		    substr($image, hex($va) - $first, hex $size);
	}
	result(!@wrong, "image $name: the flat kernel is the one judged",
	    @wrong);
}

sub kernel
{
	my ($t, $name, $elf) = @_;
	my $k = read_code($t, $elf);

	read_targets($t, $k, $elf);
	$k->{called} = { map { $_->{to} => 1 }
	    grep { $_->{call} && defined $_->{to} } @{$k->{insn}} };
	rules($t, $k, $name, $elf);
	(my $flat = $elf) =~ s/kernel\.elf$/Image/;
	same_image($name, $elf, $flat) if -e $flat;
}

sub rules
{
	my ($t, $k, $name, $elf) = @_;

	for my $r (@{$t->{rules}}) {
		my $what = exists $r->{segments} ?
		    { insn => read_segments($elf) } : $k;
		if (defined $r->{when} &&
		    !grep { /$r->{when}/ } keys %{$k->{sym}}) {
			result(1, "$r->{name} $name # SKIP not built so");
			next;
		}
		my ($num, @wrong) = judge($what, $r);
		my @notes = @wrong;
		splice @notes, 10, @notes - 10, '... and ' . (@notes - 10) .
		    ' more' if @notes > 10;
		push @notes, "$r->{clause}: $r->{why}", "what to do: $r->{do}"
		    if @wrong || $num == 0;
		push @notes, 'it finds nothing to look at: what it guards is'
		    . " gone or looks otherwise; mend the code, or the rule"
		    if $num == 0;
		result($num > 0 && !@wrong, "$r->{name} $name: $num places",
		    @notes);
	}
}

# The rules that are asked for.
sub wanted
{
	my ($t) = @_;

	@{$t->{rules}} = grep { $_->{name} eq $ENV{WORD} } @{$t->{rules}}
	    if ($ENV{WORD} // '') ne '';
	return @{$t->{rules}} > 0;
}

for my $file (@ARGV) {
	my ($arch) = $file =~ m{^(?:.*/)?md-([^/]+)/proof/rules$}
	    or die "usage: rules.pl md-X/proof/rules ...\n";
	my $t = read_table($file);
	open my $mk, '<', "md-$arch/arch.mk" or
	    die "rules.pl: md-$arch/arch.mk: $!\n";
	my ($target) = map { /^TARGET\s*=\s*(\S+)/ ? $1 : () } <$mk>;
	my $told = read_table('tests/order.rules');
	my ($code, $order) = (wanted($t), wanted($told));
	die "rules.pl: no rule $ENV{WORD}\n" if !$code && !$order;
	if ($order) {
		examples($told, "$arch-order");
		open my $ir, '<', "$kernels/$arch/mp/tests/order.ll" or
		    die "rules.pl: obj/$arch/mp/tests/order.ll: $!\n";
		rules($told, read_ir(<$ir>), "$arch/order");
	}
	next if !$code;
	examples($t, $arch, $target);
	my @elf = grep { -e } map { "$kernels/$arch/$_/kernel.elf" }
	    ($ENV{WORD} // '') ne '' ? 'mp' : qw(mp up);
	die "rules.pl: no kernel under $kernels/$arch: make kernels\n" if !@elf;
	for my $elf (@elf) {
		my ($kind) = $elf =~ m{/([^/]+)/kernel\.elf$};
		kernel($t, "$arch/$kind", $elf);
	}
}
print "1..$count\n";
exit($failed ? 1 : 0);
