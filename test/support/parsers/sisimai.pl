# Prints what Sisimai reads of each file: a JSON object of lists by path.
use strict;
use warnings;
use JSON::PP;
use Sisimai;

my %read;
for my $path (@ARGV) {
    my $found = Sisimai->make($path) // [];
    $read{$path} = [map { $_->damn } @$found];
}
print JSON::PP->new->canonical->encode(\%read);
