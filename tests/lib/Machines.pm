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

# The machine tables and the names of cells.  md-ARCH/machines says what the
# boot runner knows of an architecture, and nothing else does.  One record a
# line, words separated by blanks, from # to the end of the line a comment; A
# and B are values of axes, or several with | between them:
#
#	qemu COMMAND			the QEMU that has these machines
#	gdb NAME			gdb's name of the architecture
#	kernel FILE			what QEMU starts, in obj/ARCH/mp and up;
#					its symbols are kernel.elf beside it
#	cpu MODEL...			the CPUs emulated, the default one first
#	common ARGS...			QEMU arguments of all machines; adds up
#	append WORDS...			the kernel's command line; adds up
#	machine NAME MAXCPUS ends|stays ARGS...
#					ends: the guest can end the emulator;
#					%c in ARGS is the CPU, and stands there
#					where it is not just -cpu %c
#	sees NAME CPUS			a machine that has so many, whatever
#					-smp says
#	controller NAME MACHINE...	the interrupt controller of these
#	status PASSED FAILED		QEMU's exit status when the guest ends it;
#					no record: it does not tell
#	default NAME			the machine taken when none is named
#	boot NAME CPUS [WORDS]		one cell of `make check'
#
# and for `make matrix', tests/cells.pl:
#
#	cpus CPUS...			what -smp takes there
#	host NAME...			where KVM can run this: uname -m
#	firmware NAME FILE[|FILE] ARGS...
#					instead of the direct boot, the first
#					FILE that is there; %f in ARGS is it, %d
#					a folder to be shown as a disk, with the
#					EFI program; no %d: QEMU brings the
#					kernel all the same.  The variable of
#					that NAME up to a -, in capitals, names
#					another file
#	type NAME TEXT KEYS		once that firmware has printed TEXT, type
#					KEYS; \s is a blank, \r the return key
#	cell NAME CPUS WORDS		a cell that is wanted in any case
#	never A B REASON...		no cell has both
#	only A B REASON...		a cell with A has none but B of B's axis
#
# A cell is ARCH/MACHINE/CPUS[/WORD,WORD...], CPUS what -smp takes.  Each word
# is a value of one axis; where none is given it is the axis' first one, but
# for qemu and compiler: then it is what is found here.

package Machines;

use strict;
use warnings;

# The axes, in the order in which a name has their words.  Values of cpu and
# firmware are an architecture's, and so are those of machine and cpus.
our @AXES = qw(machine cpus kernel start tests cpu firmware mode qemu compiler);
my %MI = (
	# The kernel in obj/ARCH that is booted.
	kernel => [qw(mp up hook)],
	# Hostile circumstances, tests/kit/hostile.c.
	start => [qw(plain dirty permute)],
	# sweep: an interrupt at the instruction it was meant for.
	tests => [qw(all sweep)],
	# One host thread a CPU, one for all, the same and counting instructions
	# instead of time, or no emulation.
	mode => [qw(multi single icount kvm)],
	qemu => [qw(qemu7 qemu10)],
	compiler => [qw(clang14 clang19)],
);
my %OPEN = (qemu => 1, compiler => 1);

# What the words do: words for the kernel, arguments for QEMU.
our %append = (dirty => 'dirty=1', permute => 'permute=1',
    sweep => 'suite=sweep');
our %accel = (single => 'tcg,thread=single', icount => 'tcg,thread=single',
    kvm => 'kvm');
my @VM_CLOCK = ('-rtc', 'clock=vm,base=2026-01-01');
our %args = (
	# One instruction a nanosecond, to hit each of them.
	sweep => ['-icount', 'shift=0,sleep=off', @VM_CLOCK],
	# One in 16: most of a run is waiting for the clock.
	icount => ['-icount', 'shift=4,sleep=off', @VM_CLOCK],
);

my $NAME = qr/[a-z0-9][a-z0-9.-]*/;
my $CPUS = qr/[1-9]\d{0,3}(?:,[a-z]+=\d+)*/;

# How many words a record has after its name, [fewest, most].
my %words = (
	qemu => [1, 1], gdb => [1, 1], kernel => [1, 1], cpu => [1],
	common => [1], append => [1], machine => [3], default => [1, 1],
	boot => [2, 3], status => [2, 2], sees => [2, 2], controller => [2],
	cpus => [1], host => [1], firmware => [3], type => [3, 3],
	cell => [3, 3], never => [3], only => [3],
);
my %adds_up = map { $_ => 1 } qw(common append cpus host cpu);
my %reader = (machine => \&machine, boot => \&boot, status => \&status,
    sees => \&sees, controller => \&controller, firmware => \&firmware,
    type => \&type, cell => \&wanted, never => \&never, only => \&never);

# The architectures there are: every md- folder with a machine table; but not
# one that is under way, which still has the skeleton's stub.h.
sub arches {
	my ($top) = @_;

	return grep { !-e "$top/md-$_/include/machine/stub.h" } all($top);
}

sub all {
	my ($top) = @_;

	return map { m{/md-([^/]+)/machines\z} ? $1 : () }
	    sort glob "\Q$top\E/md-*/machines";
}

# load(TOP, ARCH): the table, or die with one line that names file and line.
sub load {
	my ($top, $arch) = @_;
	my $file = "md-$arch/machines";
	my %t = (arch => $arch, machine => {}, names => [], boot => [],
	    cell => [], firmware => { direct => {} }, never => {},
	    map { $_ => [] } keys %adds_up);
	my @later;
	my $bad = sub { die "$file:$.: $_[0]\n" };

	open my $fh, '<', "$top/$file" or die "$file: cannot read it: $!\n";
	$t{axis} = { %MI, machine => $t{names}, cpus => $t{cpus},
	    cpu => $t{cpu}, firmware => ['direct'] };
	while (my $line = <$fh>) {
		$line =~ s/(?:\A|\s)#.*//s;
		my ($record, @w) = split ' ', $line;
		next unless defined $record;
		my $want = $words{$record} or $bad->("no record '$record'; " .
		    "there are: @{[sort keys %words]}");
		$bad->("'$record' takes " . join(' to ', @$want[0 ..
		    ($#$want && $want->[0] != $want->[1])]) .
		    ($#$want ? '' : ' or more') . " words, not " . @w)
		    if @w < $want->[0] || ($#$want && @w > $want->[1]);
		if ($record =~ /\A(?:never|only|boot|cell)\z/) {
			# These name what may come below them.
			push @later, [$., $record, @w];
		} elsif ($reader{$record}) {
			$reader{$record}->(\%t, $bad, @w);
		} elsif ($adds_up{$record}) {
			for my $w (@w) {
				value(\%t, $bad, $record, $w)
				    if $record =~ /\Acpus?\z/;
				push @{$t{$record}}, $w;
			}
		} else {
			$bad->("a second '$record' record")
			    if defined $t{$record};
			$bad->("no machine '$w[0]' above this line")
			    if $record eq 'default' && !$t{machine}{$w[0]};
			$t{$record} = $w[0];
		}
	}
	for my $need (qw(qemu gdb kernel cpu default)) {
		die "$file: no '$need' record\n" if !defined $t{$need} ||
		    ref $t{$need} && !@{$t{$need}};
	}
	$t{axis}{cpu} = [@{$t{cpu}}, 'host'];
	rules(\%t);
	for my $l (sort { ($a->[1] =~ /boot|cell/) <=> ($b->[1] =~ /boot|cell/) ||
	    $a->[0] <=> $b->[0] } @later) {
		my ($n, $record, @w) = @$l;

		$reader{$record}->(\%t, sub { die "$file:$n: $_[0]\n" },
		    $record, @w);
	}
	return \%t;
}

# What no architecture can change.
sub rules {
	my ($t) = @_;
	my $emulated = join '|', @{$t->{cpu}};
	my $bad = sub { die "the rules of all architectures: $_[0]\n" };
	my $never = sub { never($t, $bad, 'never', @_) };

	$never->('sweep', 'up|hook', 'those tests are in the ordinary kernel');
	$never->('sweep', 'multi|single|kvm', 'only counted instructions repeat');
	$never->('kvm', $emulated, "under KVM the CPU is the host's");
	$never->('host', 'multi|single|icount', "only KVM has the host's CPU");
	for my $cpus (@{$t->{cpus}}) {
		my $n = count($cpus);

		$never->($cpus, 'hook', 'its tests need another CPU')
		    if $n == 1;
		for my $m (values %{$t->{machine}}) {
			$never->($cpus, $m->{name}, "it has at most " .
			    "$m->{max} CPUs") if $n > $m->{max};
		}
	}
}

# The axis of a value; each is of one.
sub axis {
	my ($t, $value) = @_;

	for my $axis (@AXES) {
		return $axis if grep { $_ eq $value } @{$t->{axis}{$axis}};
	}
	return undef;
}

sub value {
	my ($t, $bad, $axis, $value) = @_;
	my $is = axis($t, $value);
	my $form = $axis eq 'cpus' ? $CPUS : $NAME;

	$bad->("bad $axis '$value'") unless $value =~ /\A$form\z/;
	$bad->("a second '$value'" . ($is eq $axis ? '' : ", which is a $is"))
	    if defined $is;
}

sub machine {
	my ($t, $bad, $name, $max, $end, @args) = @_;

	$bad->("bad machine name '$name'") unless $name =~ /\A$NAME\z/;
	$bad->("a second machine '$name'") if $t->{machine}{$name};
	$bad->("MAXCPUS is a number, not '$max'")
	    unless $max =~ /\A[1-9]\d{0,3}\z/;
	$bad->("'ends' or 'stays', not '$end'")
	    unless $end =~ /\A(?:ends|stays)\z/;
	value($t, $bad, 'machine', $name);
	push @{$t->{names}}, $name;
	$t->{machine}{$name} = { name => $name, max => $max,
	    ends => $end eq 'ends', args => \@args };
}

sub machine_named {
	my ($t, $bad, $name) = @_;

	return $t->{machine}{$name} //
	    $bad->("no machine '$name' above this line");
}

sub status {
	my ($t, $bad, @w) = @_;

	$bad->("a second 'status' record") if $t->{status};
	$bad->("two exit statuses, not '@w'") if $w[0] eq $w[1] ||
	    grep { !/\A\d{1,3}\z/ } @w;
	$t->{status} = { $w[0] => 'passed', $w[1] => 'failed' };
}

sub sees {
	my ($t, $bad, $name, $n) = @_;
	my $m = machine_named($t, $bad, $name);

	$bad->("a number of CPUs, not '$n'") unless $n =~ /\A[1-9]\d{0,3}\z/;
	$m->{sees} = $n;
}

sub controller {
	my ($t, $bad, $name, @machines) = @_;

	machine_named($t, $bad, $_)->{controller} = $name for @machines;
}

sub firmware {
	my ($t, $bad, $name, $files, @args) = @_;

	value($t, $bad, 'firmware', $name);
	push @{$t->{axis}{firmware}}, $name;
	$t->{firmware}{$name} = { name => $name, files => [split /\|/, $files],
	    args => \@args, type => [], disk => scalar(grep { /%d/ } @args),
	    env => uc $name =~ s/-.*//r };
}

sub type {
	my ($t, $bad, $name, @w) = @_;
	my $f = $t->{firmware}{$name};
	my %key = (s => ' ', r => "\r", e => "\e", '\\' => '\\');

	$bad->("no firmware '$name' above this line") unless $f && $f->{name};
	for (@w) {
		s/\\(.)/$key{$1} \/\/ $bad->("no key '\\$1'")/ge;
	}
	push @{$f->{type}}, [@w];
}

# never A B and only A B, for one as for several.
sub never {
	my ($t, $bad, $record, $as, $bs, @reason) = @_;
	my (@a, @b) = split /\|/, $as;
	my $axis;

	@b = split /\|/, $bs;
	for my $v (@a, @b) {
		$bad->("'$v' is no value of an axis")
		    unless defined axis($t, $v);
	}
	if ($record eq 'only') {
		$axis = axis($t, $b[0]);
		my %b = map { $_ => 1 } @b;
		@b = grep { !$b{$_} } @{$t->{axis}{$axis}};
		# What is emulated says nothing of what KVM takes.
		@b = grep { $_ ne 'host' } @b;
	}
	for my $v (@a) {
		$t->{never}{$v}{$_} = $t->{never}{$_}{$v} = "@reason" for @b;
	}
}

sub boot {
	my ($t, $bad, undef, @w) = @_;

	listed($t, $bad, 'boot', @w);
}

sub wanted {
	my ($t, $bad, undef, @w) = @_;

	listed($t, $bad, 'cell', @w);
}

sub listed {
	my ($t, $bad, $list, @w) = @_;
	my $c = eval { parse_in($t, join '/', $t->{arch}, @w) } or
	    $bad->($@ =~ s/\n\z//r);

	$bad->("a second $list of $c->{name}")
	    if grep { $_ eq $c->{name} } @{$t->{$list}};
	push @{$t->{$list}}, $c->{name};
}

# A machine's arguments, with its CPU.
sub arguments {
	my ($args, $cpu) = @_;
	my @args = map { s/%c/$cpu/r } @$args;

	return ((grep { $_ eq '-cpu' } @args) ? () : ('-cpu', $cpu), @args);
}

# The number of CPUs in what -smp takes; undef where it is none.
sub count {
	my ($cpus) = @_;

	return $cpus =~ /\A$CPUS\z/ ? ($cpus =~ /\A(\d+)/)[0] : undef;
}

# parse(TOP, NAME): the cell of that name, or die with one line.  MACHINE and
# CPUS may be left out.
sub parse {
	my ($top, $name) = @_;
	my ($arch) = split m{/}, $name, 2;
	my @arches = all($top);

	$arch //= '';
	die "no architecture '$arch'; there are: @arches\n"
	    unless grep { $_ eq $arch } @arches;
	return parse_in(load($top, $arch), $name);
}

sub parse_in {
	my ($t, $name) = @_;
	my ($arch, $machine, $cpus, $words, @more) = split m{/}, $name, -1;
	my (%v, $m, $n);

	die "'$name' is not ARCH/MACHINE/CPUS[/WORD,WORD...]\n" if @more;
	$machine = $t->{default} if ($machine // '') eq '';
	$m = $t->{machine}{$machine} or die "no machine '$machine' for " .
	    "$arch; there are: @{$t->{names}}\n";
	$cpus = $m->{max} < 4 ? $m->{max} : 4 if ($cpus // '') eq '';
	$n = count($cpus);
	die "$arch/$machine takes 1 to $m->{max} CPUs, not '$cpus'\n"
	    if !defined $n || $n > $m->{max};
	for my $word (split /,/, $words // '', -1) {
		my ($axis) = grep { my $x = $_;
		    grep { $_ eq $word } values_named($t, $x) } @AXES[2 .. $#AXES];

		die "no word '$word' for $arch; there are: " .
		    words($t) . "\n" unless defined $axis;
		die "'$v{$axis}' and '$word' exclude each other\n"
		    if defined $v{$axis};
		$v{$axis} = $word;
	}
	@v{qw(machine cpus)} = ($machine, $cpus);
	$v{mode} //= 'icount' if ($v{tests} // '') eq 'sweep';
	$v{cpu} //= 'host' if ($v{mode} // '') eq 'kvm';
	for my $axis (@AXES) {
		$v{$axis} //= $t->{axis}{$axis}[0] unless $OPEN{$axis};
	}
	my $why = impossible($t, %v);
	die "$name: $why\n" if defined $why;
	return {
		%v, arch => $arch, table => $t, on => $m, smp => $cpus,
		controller => $m->{controller}, name => name($t, %v),
		firmware => $t->{firmware}{$v{firmware}},
		# The uniprocessor kernel runs one CPU of however many.
		cpus => $v{kernel} eq 'up' ? 1 : $m->{sees} // $n,
		values => \%v,
	};
}

# Why there is no cell with these values; undef where there is one.
sub impossible {
	my ($t, %v) = @_;
	my @v = grep { defined } @v{@AXES};

	for my $i (0 .. $#v) {
		for my $j ($i + 1 .. $#v) {
			my $why = $t->{never}{$v[$i]}{$v[$j]};

			return "$v[$i] and $v[$j] exclude each other: $why"
			    if defined $why;
		}
	}
	return undef;
}

# The name of a cell: what goes without saying is left out.
sub name {
	my ($t, %v) = @_;
	my @words;

	for my $axis (@AXES[2 .. $#AXES]) {
		next if !defined $v{$axis} || $v{$axis} eq 'host' ||
		    $axis eq 'mode' && $v{tests} eq 'sweep' ||
		    !$OPEN{$axis} && $v{$axis} eq $t->{axis}{$axis}[0];
		push @words, $v{$axis};
	}
	return join '/', $t->{arch}, @v{qw(machine cpus)},
	    @words ? join ',', @words : ();
}

# Those of an axis that a name can have.
sub values_named {
	my ($t, $axis) = @_;

	return grep { $_ ne 'host' } @{$t->{axis}{$axis}};
}

# The words there are, for people.
sub words {
	my ($t) = @_;

	return join ', ', map { my $axis = $_; my @w = values_named($t, $axis);
	    @w[($OPEN{$axis} ? 0 : 1) .. $#w] } @AXES[2 .. $#AXES];
}

# Is this a word of all architectures?
sub is_word {
	my ($word) = @_;

	return grep { $_ eq $word } map { @$_ } values %MI;
}

# The cells of the matrix, as tests/cells.pl wrote them.
sub cells {
	my ($top, $arch) = @_;
	my $file = "md-$arch/cells";
	my $t = load($top, $arch);
	my @cells;

	open my $fh, '<', "$top/$file" or die "$file: cannot read it: $!\n";
	while (my $line = <$fh>) {
		$line =~ s/(?:\A|\s)#.*//s;
		next unless $line =~ /\S/;
		my $c = eval { parse_in($t, $line =~ s/\A\s+|\s+\z//gr) } or
		    die "$file:$.: $@";

		push @cells, $c;
	}
	return @cells;
}

1;
