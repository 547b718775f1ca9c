# Prints what Mail::DeliveryStatus::BounceParser reads of each file: a JSON object by path, null for what is no bounce.
use strict;
use warnings;
use JSON::PP;
use Mail::DeliveryStatus::BounceParser;

my %read;
for my $path (@ARGV) {
    open my $file, '<:raw', $path or die "$path: $!";
    my $text = do { local $/; <$file> };
    my $bounce = Mail::DeliveryStatus::BounceParser->new($text);
    $read{$path} = undef;
    next unless $bounce->is_bounce;
    my @reports;
    for my $report ($bounce->reports) {
        my %fields;
        for my $name ($report->tags) {
            my $value = $report->get($name);
            $value =~ s/\s+\z//;
            $fields{lc $name} = $value;
        }
        push @reports, \%fields;
    }
    my $id = $bounce->orig_message_id;
    $read{$path} = { id => defined $id ? "$id" : undef, reports => \@reports };
}
print JSON::PP->new->canonical->encode(\%read);
