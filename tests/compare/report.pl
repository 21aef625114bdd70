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

# The report of "make compare": compare.csv and index.html, a page that needs
# nothing but itself, from the JSON that it measured.
#
#	report.pl IN.json OUTDIR
#
# Nothing here names an architecture; what there is to show is what the JSON
# has.  A file that cannot be read is one line that says why, and no report.

use strict;
use warnings;
use FindBin;
use List::Util qw(first max min sum0);
use lib "$FindBin::Bin/../lib";
use Compare;
use Plot;

my %STAGE = map { $_->[0] => $_->[1] } @Compare::STAGES;
my %RANK = map { $Compare::STAGES[$_][0] => $_ } 0 .. $#Compare::STAGES;
my $MAIN = 'running';
my %CASE = (
	'dry-run' => 'the function, called in place',
	self => 'a CPU calls itself',
	running => 'the target runs a thread',
	idle => 'the target is halted',
	deferred => 'the target is above the level, which then drops',
	coalesced => 'the queue already has a call',
	sync => 'the caller sleeps until the function has run',
	broadcast => 'each CPU by a call of its own',
	'broadcast-lock' => 'the same, and each function takes one lock',
	multicast => 'each CPU by one call on a set',
);
# Columns of the same architecture have shades of one colour.
my ($HUES, $SHADES) = (4, 3);

my $all;		# the JSON
my @columns;
my $plots;		# is there a gnuplot?

sub h {
	my ($text) = @_;

	my %entity = ('&' => '&amp;', '<' => '&lt;', '>' => '&gt;',
	    '"' => '&quot;');
	return $text =~ s/([&<>"])/$entity{$1}/gr;
}

# A number as people write it, a fraction only where there is one.
sub num {
	my ($n) = @_;

	$n = sprintf '%.1f', $n if $n != int $n;
	1 while $n =~ s/^(\d+)(\d{3})/$1,$2/;
	return $n;
}

# Names and colours of the columns: a hue for an architecture, a shade for
# each of its controllers.
sub columns_name {
	my (@arches, %controllers, %same, %used);

	for my $c (@columns) {
		$c->{controller} .= ", $1"
		    if ($c->{kernel} // '') =~ /\A(\w+)/;
		$same{"$c->{arch} $c->{controller}"}++ if @{$c->{cases}};
		$used{$c->{controller}}{$c->{arch}} = 1;
	}
	for my $c (@columns) {
		my ($arch, $controller) = @$c{qw(arch controller)};
		my $name = "$arch $controller";

		$c->{first} = !$controllers{$arch};
		push @arches, $arch if $c->{first};
		push @{$controllers{$arch}}, $controller
		    unless grep { $_ eq $controller } @{$controllers{$arch}};
		$c->{colour} = 'c' . index_of($arch, @arches) % $HUES .
		    index_of($controller, @{$controllers{$arch}}) % $SHADES;
		$c->{short} = keys %{$used{$controller}} > 1 ? $name :
		    $controller;
		$c->{name} = $name . (($same{$name} // 0) > 1 ||
		    ($same{$name} && !@{$c->{cases}}) ?
		    ", $c->{machine}/$c->{cpus}" : '');
	}
}

sub index_of {
	my ($name, @list) = @_;

	return first { $list[$_] eq $name } 0 .. $#list;
}

# Stages in the order of a call; those that are not known are last.
sub in_order {
	my ($name, @stages) = @_;

	return sort { ($RANK{$name->($a)} // 99) <=>
	    ($RANK{$name->($b)} // 99) } @stages;
}

# The names of @lists in one order that is all of theirs: a name goes behind
# the one before it in its list.
sub merged {
	my @order;

	for my $list (@_) {
		my $at = 0;
		for my $name (@$list) {
			my $i = first { $order[$_] eq $name } 0 .. $#order;

			splice @order, $at, 0, $name unless defined $i;
			$at = defined $i ? $i + 1 : $at + 1;
		}
	}
	return @order;
}

sub cases {
	return merged(map { [map { $_->{name} } @{$_->{cases}}] } @columns);
}

sub stages {
	my ($name) = @_;

	return in_order(sub { $_[0] }, merged(
	    map { [map { $_->{name} } @{$_->{stages}}] }
	    grep { defined } map { $_->{by_case}{$name} } @columns));
}

sub stage {
	my ($case, $name) = @_;

	return first { $_->{name} eq $name } @{$case->{stages}};
}

# How often one call goes through a stage: once for each of its targets; a
# few calls may miss one, or have one more.
sub passes {
	my ($case, $s) = @_;
	return 1 unless defined $s->{passes} && $case->{calls};
	my $n = $s->{passes} / $case->{calls};
	my $whole = int($n + 0.5);

	return abs($n - $whole) < 0.05 ? $whole : $n;
}

# Instructions of one call in some stages.
sub insns {
	my ($case, @stages) = @_;

	return sum0(map { $_->{insns}{median} * passes($case, $_) }
	    grep { defined } map { stage($case, $_) } @stages);
}

sub stage_colour {
	my ($kind, $stage) = @_;

	return "$kind-" . ($STAGE{$stage} ? $stage : 'other');
}

# What the registers and devices of a stage are, as { name => times }.
sub devices {
	my ($stage) = @_;
	my $device = $stage->{device} // {};

	return { map { my $n = $device->{$_};
	    $_ => ref $n ? $n->{median} : $n } keys %$device };
}

# compare.csv
#
sub csv_line {
	return join(',', map { /[",\n]/ ? '"' . s/"/""/gr . '"' : $_ } @_) .
	    "\n";
}

sub csv {
	my @lines = csv_line(qw(column arch machine controller cpus case stage
	    cpu measure min median max));

	for my $c (@columns) {
		my @of = map { $c->{$_} } qw(id arch machine controller cpus);
		my $put = sub {
			my ($m, @what) = @_;
			push @lines, csv_line(@of, @what, ref $m ?
			    map { $m->{$_} } qw(min median max) : ($m) x 3);
		};
		for my $case (@{$c->{cases}}) {
			for my $s (@{$case->{stages}},
			    { %{$case->{total}}, name => 'total', cpu => '' }) {
				my @at = ($case->{name}, @$s{qw(name cpu)});

				$put->($s->{passes}, @at, 'passes')
				    if defined $s->{passes};
				$put->($s->{$_->[0]}, @at, $_->[0])
				    for @Compare::MEASURES;
				my $d = $s->{device} // {};
				$put->($d->{$_}, @at, $_) for sort keys %$d;
			}
		}
		for my $point (@{$c->{scaling} // []}) {
			for my $how (qw(unicast multicast)) {
				$put->($point->{$how}{$_},
				    "$how-$point->{n}", '', '', $_)
				    for sort keys %{$point->{$how}};
			}
		}
		$put->($_->{insns}, "all-to-one-$_->{n}", '', '', 'insns')
		    for @{$c->{all_to_one} // []};
		$put->($c->{state_bytes_per_cpu}, '', '', '',
		    'state_bytes_per_cpu') if $c->{state_bytes_per_cpu};
	}
	return join '', @lines;
}

# The plots.
#
# Without gnuplot the page says so; a number is in a table too.
sub plot {
	my ($draw, @args) = @_;

	return $plots ? $draw->(@args) :
	    '<p class="noplot">No plot: gnuplot was not found when this page' .
	    ' was made (<code>./setup</code> installs it). The numbers' .
	    " are in the tables.</p>\n";
}

# Stages of a case that one sees in the plot of a call: the sender's way out
# is beside the path.
sub path_stages {
	my ($case) = @_;

	return grep { $_->{name} ne 'unwind' && $_->{insns}{median} }
	    @{$case->{stages}};
}

# The main case, large: numbers and names in the bars, sums under them.
sub hero {
	my ($class, $width, $gutter, $right) = @_;
	my ($pitch, $bar) = (102, 44);
	my @of = grep { $_->{by_case}{$MAIN} } @columns;
	my $most = max map { insns($_, map { $_->{name} } path_stages($_)) }
	    map { $_->{by_case}{$MAIN} } @of;
	my $scale = ($width - $gutter - $right) / $most;
	my $above = $gutter > 60 ? 0 : 26;
	my ($ink, $dim, $strong) = (Plot::paint('ink'), Plot::paint('dim'),
	    Plot::paint('ink', 'font-weight:600'));
	my ($y, @boxes, @texts) = (4);

	for my $c (@of) {
		my $case = $c->{by_case}{$MAIN};
		my ($x, %from, %to) = ($gutter);

		if ($above) {
			push @texts, [$x, $y + 9, "$c->{name}", 14, $strong,
			    'left'], [$width, $y + 9, $c->{id}, 11, $dim,
			    'right'];
		} else {
			push @texts, [0, $y + 15, $c->{name}, 15, $strong,
			    'left'], [0, $y + 34, $c->{id}, 11, $dim, 'left'];
		}
		$y += $above;
		for my $s (path_stages($case)) {
			my $name = $s->{name};
			my $n = insns($case, $name);
			my $w = $n * $scale;
			my $on = stage_colour('on', $name);

			push @boxes, [$x, $y, $w - 1.5, $bar,
			    Plot::paint(stage_colour('s', $name))];
			my $named = Plot::text_width($name, 10.5) < $w - 6;
			push @texts, [$x + $w / 2 - 1, $y + 14, $name, 10.5,
			    Plot::paint($on), 'center'] if $named;
			push @texts, [$x + $w / 2 - 1,
			    $y + ($named ? 31 : $bar / 2), $n, 13,
			    Plot::paint($on, 'font-weight:600'), 'center']
			    if Plot::text_width($n, 13) < $w - 2;
			($from{$name}, $to{$name}) = ($x, $x + $w - 1.5);
			$x += $w;
		}
		for my $span (@Compare::SPANS) {
			my ($name, @stages) = @$span;
			my @in = grep { defined $from{$_} } @stages or next;
			my ($l, $r) = ($from{$in[0]}, $to{$in[-1]});
			my $text = "$name " . insns($case, @stages);

			$text = insns($case, @stages)
			    if Plot::text_width($text, 11.5) > $r - $l;
			push @boxes, [$l, $y + $bar + 6, $r - $l, 1.5, $dim];
			push @texts, [($l + $r) / 2, $y + $bar + 18, $text,
			    11.5, $ink, 'center'];
		}
		push @texts, [$width, $y + $bar / 2,
		    insns($case, map { @$_[1 .. $#$_] } @Compare::SPANS), 26,
		    Plot::paint('ink', 'font-weight:650'), 'right'];
		$y += $pitch - ($above ? 12 : 0);
	}
	return Plot::sheet($width, $y - 16, $class,
	    "Instructions of each stage, case $MAIN", \@boxes, \@texts);
}

# Instructions of one call in all stages, or in some, for each target.
sub per_target {
	my ($case, @stages) = @_;

	@stages = map { $_->{name} } @{$case->{stages}} unless @stages;
	return insns($case, @stages) / ($case->{targets} || 1);
}

# A case, small: a bar for each column, to a scale that cards share.
sub card {
	my ($name, $most) = @_;
	my ($width, $pitch, $bar, $y) = (360, 25, 18, 2);
	my @of = grep { $_->{by_case}{$name} } @columns;
	my $gutter = 12 + max map { Plot::text_width($_->{name}, 11.5) }
	    grep { @{$_->{cases}} } @columns;
	my $scale = ($width - $gutter - 40) / ($most || 1);
	my ($ink, $dim) = (Plot::paint('ink', 'font-weight:600'),
	    Plot::paint('dim'));
	my (@boxes, @texts);

	for my $c (@of) {
		my $case = $c->{by_case}{$name};
		my $x = $gutter;

		push @texts, [0, $y + $bar / 2, $c->{name}, 11.5, $dim,
		    'left'];
		for my $s (@{$case->{stages}}) {
			my $n = per_target($case, $s->{name}) or next;

			push @boxes, [$x, $y, max(0.6, $n * $scale - 1), $bar,
			    Plot::paint(stage_colour('s', $s->{name}))];
			$x += $n * $scale;
		}
		push @texts, [$x + 5, $y + $bar / 2,
		    num(per_target($case)), 12, $ink,
		    'left'];
		$y += $pitch;
	}
	return Plot::sheet($width, $y, 'card-plot',
	    "Instructions of each stage, case $name", \@boxes, \@texts);
}

# The N from which on a multicast takes fewer instructions, or doorbells, than
# unicasts.
sub crossover {
	my ($scaling, $what) = (@_, 'insns');
	my $from;

	for (@$scaling) {
		if ($_->{multicast}{$what} >= $_->{unicast}{$what}) {
			undef $from;
		} else {
			$from //= $_;
		}
	}
	return $from;
}

# Does line $a lie upon all of line $b, which is not longer?
sub upon {
	my ($a, $b) = @_;
	my @a = map { "@$_" } @{$a->{points}};
	my @b = map { "@$_" } @{$b->{points}};

	return "@b" eq "@a[0 .. $#b]";
}

# Lines of a column, and for a how, that lie upon each other are one with all
# names, the longest.
sub joined {
	my @lines = sort { @{$b->{points}} <=> @{$a->{points}} } @_;
	my %short = map { $_->{column}{short} => 1 } @lines;
	my (@out, %label);

	for my $line (@lines) {
		my $same = first { upon($_, $line) } @out;

		push @out, $same = $line unless $same;
		push @{$same->{of}}, $line;
	}
	for my $line (@out) {
		my (@hows, %names, %colours);

		for (sort { $a->{column}{index} <=> $b->{column}{index} }
		    @{$line->{of}}) {
			my ($c, $how) = @$_{qw(column how)};
			my $names = $names{$how} //= [];

			push @hows, $how unless @$names;
			push @$names, $c->{short} unless defined
			    index_of($c->{short}, @$names);
			$colours{$c->{colour}} = 1;
		}
		$line->{label} = join "\n", map { (@{$names{$_}} == 1 ||
		    @{$names{$_}} < keys %short ? join(', ',
		    @{$names{$_}}) : 'all') . ($_ ne '' ? " $_" : '') } @hows;
		$line->{label} .= " ($line->{column}{cpus} CPUs)"
		    if $label{$line->{label}}++;
		$line->{colour} = keys %colours > 1 ? 'dim' :
		    $line->{column}{colour};
	}
	return @out;
}

# One line for each column, and for each how.
sub scaling_lines {
	my ($y, @of) = @_;

	return joined(map { my $c = $_; map { my $how = $_; {
		column => $c,
		how => $how,
		dash => $how eq 'unicast',
		points => [map { [$_->{n}, $y->($_, $how)] }
		    @{$c->{scaling}}],
	} } qw(unicast multicast) } @of);
}

sub insns_lines {
	my @lines = scaling_lines(sub { $_[0]{$_[1]}{insns} / $_[0]{n} }, @_);

	for my $line (@lines) {
		for (@{$line->{of}}) {
			my $from = crossover($_->{column}{scaling});

			$line->{ring} = [$from->{n},
			    $from->{multicast}{insns} / $from->{n}]
			    if $from && $_->{how} eq 'multicast';
		}
	}
	return @lines;
}

# The N from which a set wins, once each: [N, text].
sub crossovers {
	my (%at, %all);

	for my $c (@_) {
		my $from = crossover($c->{scaling});

		$all{$c->{short}} = 1;
		push @{$at{$from->{n}}}, $c->{short} if $from &&
		    !grep { $_ eq $c->{short} } @{$at{$from->{n}} // []};
	}
	return map { [$_, @{$at{$_}} == keys %all ? "a set wins from N = $_" :
	    "from N = $_: " . join ', ', @{$at{$_}}] }
	    sort { $a <=> $b } keys %at;
}

# A plot for wide windows and one for narrow ones.
sub lines_both {
	my ($alt, $wide, $height, $o, @lines) = @_;
	my @points = map { @{$_->{points}} } @lines;
	my $far = max(map { $_->[0] } @points) > 64;
	my $high = max(map { $_->[1] } @points) >
	    8 * min(map { $_->[1] } @points);

	$o->{log} = ($far ? 'x' : '') . ($high && ($far || $o->{rates}) ?
	    'y' : '');
	return plot(sub { join '', map { my ($class, $w, $h) = @$_;
	    Plot::lines($class, $alt, { %$o, width => $w, height => $h },
	    @lines) } ['wide', $wide, $height], ['narrow', 370, 320] });
}

# The page.
#
sub tag {
	my ($tag, @text) = @_;

	return "<$tag>" . join('', @text) . '</' . $tag =~ s/ .*//r . ">\n";
}

sub row {
	my ($cell, @cells) = @_;

	return tag('tr', map { tag($cell, $_) } @cells);
}

sub dot {
	my ($column) = @_;

	return qq{<i class="dot" style="background:var(--$column->{colour})">} .
	    '</i>';
}

# A count: the median, and what it varies between.
sub count {
	my ($m) = @_;
	my ($min, $median, $max) = map { num($_) } @$m{qw(min median max)};

	return '<span class="zero">0</span>' if $m->{max} == 0;
	return $min eq $max ? $median :
	    qq{$median<small>$min&#8211;$max</small>};
}

sub head {
	my $about = $all->{about};
	my @arches = map { $_->{arch} } grep { $_->{first} } @columns;
	my $css = do {
		open my $fh, '<', "$FindBin::Bin/report.css"
		    or die "report.css: $!\n";
		local $/;
		<$fh>;
	};
	my $commit = substr($about->{commit}, 0, 12) .
	    ($about->{dirty} ? ', with changes' : '');

	return <<"END";
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Where a cross-call goes: @{[h(join ', ', @arches)]}</title>
<style>
$css@{[hide_rules()]}</style>
</head>
<body>
@{[Plot::points()]}<header>
<p class="kicker">portkit &middot; make compare</p>
<h1>Where a cross-call goes</h1>
<p class="lead">One CPU makes another run a function: <code>cpu_xcall(9)</code>
on @{[join ' and ', map { '<b>' . h($_) . '</b>' } @arches]}, counted in guest
instructions, stage by stage.</p>
<p class="stamp">commit @{[h($commit)]} &middot;
@{[h(substr $about->{date}, 0, 10)]} &middot; @{[h($about->{compiler})]}
&middot; DIAGNOSTIC @{[$about->{diagnostic} ? 'on' : 'off']}</p>
<nav>@{[map { qq{<a href="#$_->[0]">$_->[1]</a>\n} } [call => 'One call'],
    [cases => 'Every case'], [scaling => 'Scaling'], [counts => 'Counts'],
    [path => 'Path'], [about => 'What it says']]}</nav>
</header>
<main>
END
}

# Stages as they are coloured, in the order of a call.
sub legend {
	my @there = in_order(sub { $_[0] }, merged(map { [stages($_)] }
	    cases()));

	return tag('ul class="legend"', map {
		my $what = h($STAGE{$_} // '');
		qq{<li title="$what"><i style="background:var(--} .
		    stage_colour('s', $_) . qq{)"></i>} . h($_) . "</li>\n"
	} @there);
}

sub call_section {
	return '' unless grep { $_->{by_case}{$MAIN} } @columns;
	my @sum = map { my ($name) = @$_; $name } @Compare::SPANS;

	return <<"END";
<section id="call">
<h2>One call, to a CPU that runs a thread</h2>
<p>Guest instructions on the path, in its order. The sum at the right is
what the call costs: @{[join ', ', @sum]}. The function itself (grey) is the
caller's own, and the sender's way out runs beside the path.</p>
<figure>
@{[plot(sub { hero('wide', 1080, 150, 70) .
    hero('narrow', 370, 0, 62) })]}</figure>
@{[notes(), budgets()]}</section>
END
}

# What else differs in a column, which its numbers must not be read without.
sub notes {
	return map { my $c = $_; tag('p class="note"', tag('b', dot($c),
	    h($c->{name})), h(join '; ', @{$c->{notes}})) }
	    grep { @{$_->{notes} // []} } @columns;
}

# What may be taken at most, and is.
sub budget {
	my ($b) = @_;

	return '' unless $b;
	my $met = $b->{measured} <= $b->{at_most};
	return num($b->{measured}) . ' of ' . num($b->{at_most}) . ($met ?
	    ' <b class="met">&#10003; met</b>' :
	    ' <b class="missed">&#10007; not met</b>');
}

# A row for each budget, a column for each controller: the machines of one
# are together.
sub budgets {
	my @what = merged(map { [map { $_->{what} } @{$_->{budgets} // []}] }
	    @columns) or return '';
	my (@names, %of, %head);

	for my $c (grep { @{$_->{budgets} // []} } @columns) {
		my $name = "$c->{arch} $c->{controller}";

		push @names, $name unless $head{$name};
		$head{$name} //= dot($c) . h($name);
		$of{$name}{$_->{what}} //= $_ for @{$c->{budgets}};
	}
	return tag('h3', 'Budgets') . tag('div class="scroll"',
	    tag('table class="budgets"', tag('thead', row('th',
	    'measured, of at most', map { $head{$_} } @names)),
	    tag('tbody', map { my $what = $_; row('td', h($what),
	    map { budget($of{$_}{$what}) } @names) } @what)));
}

# Why counts of a case vary, as { why => columns }.
sub varies {
	my ($name) = @_;
	my %why;

	for my $c (@columns) {
		my $case = $c->{by_case}{$name} or next;

		push @{$why{$case->{varies}}}, $c->{name} if $case->{varies};
	}
	return \%why;
}

# Remarks on a case.  What holds of all columns, or of most, has no names; a
# reason in $known is told elsewhere.
sub remarks {
	my ($name, $known) = @_;
	my %said = (varies => varies($name));
	my $columns;

	delete @{$said{varies}}{keys %$known};
	for my $c (@columns) {
		my $case = $c->{by_case}{$name} or next;

		$columns++;
		push @{$said{targets}{"$case->{targets} targets"}}, $c->{name}
		    if $case->{targets} > 1;
		push @{$said{disturbed}{"$case->{disturbed} of " .
		    "$case->{calls} calls disturbed, left out"}}, $c->{name}
		    if $case->{disturbed};
	}
	return join '', map {
		my $of = $said{$_};
		my ($most, @others) = sort { @{$of->{$b}} <=> @{$of->{$a}} ||
		    $a cmp $b } keys %$of;
		my $all = sum0(map { scalar @$_ } values %$of) == $columns;
		my $lead = $_ eq 'varies' ? 'Varies: ' : '';

		tag('p class="note"', h($lead . join '; ', $all ? $most :
		    "$most (" . join(', ', @{$of->{$most}}) . ')', map {
		    "$_ (" . join(', ', @{$of->{$_}}) . ')' } @others));
	} grep { %{$said{$_}} } sort keys %said;
}

# Cases that have a scale of their own: which, its title.
my @SETS = (
	[one => 'One target'],
	[sleep => 'One target, and the caller sleeps'],
	[many => 'All other CPUs: for each of them'],
);

sub set_of {
	my ($case) = @_;

	return $case->{targets} > 1 ? 'many' :
	    stage($case, 'sleep') ? 'sleep' : 'one';
}

sub cases_section {
	my (%most, %set, @cards, %times);

	for my $name (cases()) {
		for my $case (map { $_->{by_case}{$name} // () } @columns) {
			my $set = $set{$name} //= set_of($case);

			$most{$set} = max per_target($case), $most{$set} // 0;
		}
		$times{$_}++ for keys %{varies($name)};
	}
	my %known = map { $_ => 1 } grep { $times{$_} > 2 } keys %times;
	for my $row (@SETS) {
		my ($set, $title) = @$row;
		my @in = grep { $set{$_} eq $set } cases() or next;

		push @cards, tag('h3', $title) . tag('div class="cards"',
		    map { tag('div class="card"', tag('h4', h($_)),
		    tag('p', h($CASE{$_} // '')),
		    plot(\&card, $_, $most{$set}), remarks($_, \%known)) }
		    @in);
	}
	push @cards, tag('p class="note"', 'Varies in most cases: ',
	    h(join '; ', sort keys %known)) if %known;
	return <<"END";
<section id="cases">
<h2>Every case</h2>
<p>All stages of sender and target, to one scale in each group.</p>
@{[legend(), @cards]}</section>
END
}

sub passes_text {
	my $n = passes(@_);

	return $n == 1 ? '' : ' &times;' . num($n);
}

sub counts_table {
	my ($name) = @_;
	my @of = grep { $_->{by_case}{$name} } @columns;
	my (@body, @some, @none);

	for my $m (@Compare::MEASURES) {
		my $there = grep { $_->{by_case}{$name}{total}{$m->[0]}{max} }
		    @of;
		push @{$there ? \@some : \@none}, $m;
	}
	for my $stage (stages($name), 'total') {
		my @rows = map {
			my $case = $_->{by_case}{$name};
			my $s = $stage eq 'total' ? $case->{total} :
			    stage($case, $stage);
			$s ? [$_, $s] : ();
		} @of;
		my $first = 1;

		for (@rows) {
			my ($c, $s) = @$_;
			my $d = devices($s);
			my $key = $stage eq 'total' ? '' :
			    '<i class="key" style="background:var(--' .
			    stage_colour('s', $stage) . ')"></i>';
			my $cpu = !$s->{cpu} ? '' : tag('small', h($s->{cpu}),
			    passes_text($c->{by_case}{$name}, $s));

			push @body, tag('tr' . ($first ? ' class="first"' : ''),
			    $first ? tag('th rowspan="' . @rows . '"', $key,
			    h($stage), $cpu) : '',
			    tag('td class="who"', dot($c), h($c->{name})),
			    (map { tag('td class="n"', count($s->{$_->[0]})) }
			    @some), tag('td class="dev"', join ', ', map {
			    h($_) . ($d->{$_} == 1 ? '' : ' &times;' .
			    num($d->{$_})) } sort keys %$d));
			$first = 0;
		}
	}
	return tag('div class="scroll"', tag('table class="counts"',
	    tag('thead', tag('tr', tag('th', 'stage'), tag('th', ''),
	    (map { tag('th class="n"', $_->[1]) } @some),
	    tag('th', 'devices and system registers'))),
	    tag('tbody', @body))) . (@none ? tag('p class="none"', 'None: ',
	    join ', ', map { $_->[1] } @none) : '');
}

sub details {
	my ($open, $title, $what, @inside) = @_;

	return tag('details' . ($open ? ' open' : ''), tag('summary', tag('b',
	    h($title)), ' ', h($what)), @inside);
}

sub counts_section {
	return <<"END";
<section id="counts">
<h2>Counts of each stage</h2>
<p>Of one pass through a stage, the median of all calls of a case; where they
differ, the smallest and the largest beside it. The total is of a call. Cache
lines are distinct lines of 64 bytes with data; waiting is the instructions of
loops that wait, which are in no other count.</p>
@{[map { details($_ eq $MAIN, $_, $CASE{$_} // '', counts_table($_)) } cases()]}
</section>
END
}

sub crossover_text {
	my ($c) = @_;
	my $last = $c->{scaling}[-1];
	my ($m, $u) = map { num($_->{insns}) } @$last{qw(multicast unicast)};

	return tag('tr', tag('td', dot($c), h($c->{name})),
	    map({ my $from = crossover($c->{scaling}, $_);
		tag('td', $from ? "N = $from->{n}" : 'never') }
		qw(insns doorbells)),
	    tag('td class="n"', num($last->{n})), tag('td class="n"', $u),
	    tag('td class="n"', $m),
	    (map { tag('td class="n"', num($last->{$_}{doorbells})) }
	    qw(unicast multicast)), tag('td class="n"',
	    defined $c->{state_bytes_per_cpu} ?
	    num($c->{state_bytes_per_cpu}) : ''));
}

sub scaling_section {
	my @of = grep { @{$_->{scaling} // []} } @columns or return '';
	my @one = grep { @{$_->{all_to_one} // []} } @columns;
	my @to_one = joined(map { { column => $_, how => '', points =>
	    [map { [$_->{n}, $_->{insns} / $_->{n}] } @{$_->{all_to_one}}] } } @one);

	return <<"END";
<section id="scaling">
<h2>Scaling: a call to N CPUs</h2>
<p>Instructions of the sender for each CPU called: a loop of calls (dashed)
against one call on a set (solid). @{[crossovers(@of) ?
    'A ring marks the N from which the set takes fewer.' :
    'Up to the N measured here the set never takes fewer.']}</p>
<figure>
@{[lines_both('Instructions for each CPU called, against their number', 1080,
    430, { x => 'N, CPUs called', y => 'instructions / N', rates => 1,
    at => [crossovers(@of)] }, insns_lines(@of))]}</figure>
<div class="pair">
<figure><figcaption>Doorbell writes</figcaption>
@{[lines_both('Doorbell writes, against the number of CPUs called', 520, 330,
    { x => 'N, CPUs called', y => 'doorbell writes', },
    scaling_lines(sub { $_[0]{$_[1]}{doorbells} }, @of))]}</figure>
@{[@one ? tag('figure', tag('figcaption', 'All call one'), lines_both(
    'Instructions for each call when N CPUs call one', 520, 330, { x =>
    'N, CPUs that call', y => 'instructions of all / N', rates => 1 },
    @to_one)) : '']}</div>
@{[tag('div class="scroll"', tag('table', tag('thead', tag('tr',
    tag('th', 'column'), tag('th', 'a set takes fewer instructions from'),
    tag('th', 'fewer doorbells from'), map {
    tag('th class="n"', $_) } 'largest N', 'instructions, loop', 'set',
    'doorbells, loop', 'set', 'bytes of state per CPU')),
    tag('tbody', map { crossover_text($_) } @of)))]}</section>
END
}

# The executed path, a list for each column: where the function changes, its
# name; where the source line does, that.
sub path_cell {
	my ($path, $stage) = @_;
	my ($function, $source, $n, @out) = ('', '', 0);

	for my $i (grep { $_->{stage} eq $stage } @$path) {
		if ($i->{function} ne $function) {
			push @out, '<li class="fn">' . h($i->{function}) .
			    "</li>\n";
			($function, $source) = ($i->{function}, '');
		}
		my $at = $i->{source} eq $source ? '' :
		    h($i->{source} =~ s{.*/}{}r =~ s/:0\z//r);
		$source = $i->{source};
		push @out, '<li title="' . h("$i->{pc} $i->{function}+" .
		    "$i->{offset}, $i->{source}") . '"><code>' .
		    h($i->{insn}) . "</code><span>$at</span></li>\n";
		$n++;
	}
	return ($n, @out ? tag('ol', @out) : '');
}

sub path_case {
	my ($name, @of) = @_;
	my @out;

	for my $stage (in_order(sub { $_[0] }, merged(map { my %seen;
	    [grep { !$seen{$_}++ } map { $_->{stage} }
	    @{$_->{paths}{$name}}] } @of))) {
		push @out, '<h4><i class="key" style="background:var(--' .
		    stage_colour('s', $stage) . ')"></i>' . h($stage) .
		    tag('small', h($STAGE{$stage} // '')) . "</h4>\n",
		    tag('div class="side"', map {
			my ($n, $list) = path_cell($of[$_]{paths}{$name},
			    $stage);
			tag("div class=\"p$of[$_]{index}\"", tag('h5',
			    dot($of[$_]), h($of[$_]{name}), tag('b', $n)),
			    $list)
		    } 0 .. $#of);
	}
	return @out;
}

# A column is shown where its box is ticked.
sub hide_rules {
	return join '', map { my $i = $columns[$_]{index}; "#t$i:not(:checked)" .
	    "~details .p$i\{display:none}\n" } 0 .. $#columns;
}

sub path_section {
	my @names = merged(map { [sort { ($a ne $MAIN) <=> ($b ne $MAIN) ||
	    $a cmp $b } keys %{$_->{paths} // {}}] } @columns) or return '';
	my @of = grep { %{$_->{paths} // {}} } @columns;

	return <<"END";
<section id="path">
<h2>The path, side by side</h2>
<p>Every instruction that one call executed, stage by stage, with its function
and source line.</p>
@{[map { qq{<input type="checkbox" id="t$_->{index}"} .
    ($_->{first} ? ' checked' : '') . qq{><label for="t$_->{index}">} .
    dot($_) . h($_->{name}) . "</label>\n" } @of]}
@{[map { my $name = $_; details($name eq $MAIN, $name, $CASE{$name} // '',
    path_case($name, grep { $_->{paths}{$name} } @of)) } @names]}</section>
END
}

# Flags that all columns have are said once.
sub provenance {
	my (%in, @common);

	for my $c (@columns) {
		my %of = map { $_ => 1 } split ' ', $c->{cflags};
		$in{$_}++ for keys %of;
	}
	my %all = map { $_ => 1 } grep { $in{$_} == @columns } keys %in;
	my %seen;
	@common = grep { $all{$_} && !$seen{$_}++ }
	    split ' ', $columns[0]{cflags};
	my @rows = (
		[column => sub { dot($_[0]) . h($_[0]{name}) }],
		[machine => sub { h("$_[0]{machine}, $_[0]{cpus} CPUs") }],
		[CPU => sub { h($_[0]{cpu_model}) }],
		[QEMU => sub { h($_[0]{qemu}) }],
		['flags of its own' => sub { tag('code', h(join ' ',
		    grep { !$all{$_} } split ' ', $_[0]{cflags})) }],
		[image => sub { '<code title="' . h($_[0]{image}) . '">' .
		    h(substr $_[0]{image}, 0, 23) . '&hellip;</code>' }],
	);

	return tag('div class="scroll"', tag('table class="from"',
	    tag('thead', row('th', map { $_->[0] } @rows)),
	    tag('tbody', map { my $c = $_; row('td', map { $_->[1]->($c) }
	    @rows) } @columns))) .
	    tag('p', 'Flags of all: ', tag('code', h(join ' ', @common)));
}

sub skipped {
	my @skipped = @{$all->{skipped}};

	return '' unless @skipped;
	return tag('h3', 'Not measured') . tag('ul', map { tag('li',
	    '<b>' . h($_->{id}) . '</b>: ', h($_->{reason})) } @skipped);
}

sub about_section {
	my $about = $all->{about};
	my $commit = h($about->{commit}) . ($about->{dirty} ?
	    ', with changes that are not committed' : '');

	return <<"END";
<section id="about">
<h2>What a count says, and what it does not</h2>
<div class="pair">
<div>
<h3>It says</h3>
<ul>
<li>which instructions the guest executed between two points of the kernel,
and how many: exact, and the same to the byte when measured again</li>
<li>which loads, stores, atomics, barriers, device and system registers are
among them, and which lines of data they touch</li>
<li>where a path of one architecture has work that the other has not</li>
<li>what a patch adds or takes away</li>
</ul>
</div>
<div>
<h3>It does not say</h3>
<ul>
<li>how long anything takes: a doorbell write, a barrier or a missed cache line
can cost more than all the rest of the path, and each is one instruction
here</li>
<li>that of two architectures the one with fewer instructions is the faster:
their instructions do not do the same work</li>
<li>how long a target takes to answer: waiting, sleeping in the halt, and the
controller's own latency have no instructions</li>
<li>what other compilers, flags or CPU models would give; they are below</li>
</ul>
</div>
</div>
<h3>Where these counts are from</h3>
@{[provenance()]}
<p>@{[(grep { @{$_->{notes} // []} } @columns) ?
    'But for those with a remark all' : 'All']} columns are of one tree, commit
<code>$commit</code>, built by
@{[h($about->{compiler})]} and @{[h($about->{linker})]}, DIAGNOSTIC
@{[$about->{diagnostic} ? 'on' : 'off']}. QEMU ran the CPUs in turn, time being
the count of instructions; a plugin counted. The numbers are in compare.json
and compare.csv beside this page; CITATION.cff in the tree says how to cite
them.</p>
@{[skipped()]}</section>
END
}

sub page {
	return head() . call_section() . cases_section() . scaling_section() .
	    counts_section() . path_section() . about_section() .
	    "</main>\n</body>\n</html>\n";
}

# Nothing is at its place before everything is written.
sub write_all {
	my ($dir, %text) = @_;
	my @parts = map { "$dir/$_.part" } sort keys %text;
	my $done = eval {
		for my $file (sort keys %text) {
			open my $fh, '>:encoding(UTF-8)', "$dir/$file.part"
			    or die "$dir/$file.part: $!\n";
			print $fh $text{$file} and close $fh
			    or die "$dir/$file.part: $!\n";
		}
		1;
	};

	if (!$done) {
		my $why = $@;
		unlink @parts;
		die $why;
	}
	for my $part (@parts) {
		rename $part, $part =~ s/\.part\z//r or die "$part: $!\n";
	}
}

sub main {
	my ($json, $dir) = @_;

	die "usage: report.pl IN.json OUTDIR\n" unless @_ == 2;
	$all = Compare::load($json);
	die "$json: kind $all->{kind}, and the report is of counts\n"
	    if $all->{kind} ne 'counts';
	@columns = @{$all->{columns}};
	columns_name();
	for my $i (0 .. $#columns) {
		$columns[$i]{index} = $i;
		for my $case (@{$columns[$i]{cases}}) {
			@{$case->{stages}} = in_order(sub { $_[0]{name} },
			    @{$case->{stages}});
			$columns[$i]{by_case}{$case->{name}} = $case;
		}
	}
	$plots = Plot::there();
	print "no gnuplot: index.html has no plots" .
	    " (./setup installs it)\n" unless $plots;
	write_all($dir, 'compare.csv' => csv(), 'index.html' => page());
	return 0;
}

my $status = eval { main(@ARGV) };
if (!defined $status) {
	print STDERR "report.pl: $@";
	exit 1;
}
exit $status;
