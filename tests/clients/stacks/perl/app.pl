#!/usr/bin/env perl

# A connect endpoint in Perl, with Mojolicious.
#
#   perl app.pl daemon --listen http://127.0.0.1:3000
#
# It hands out {sessionId, serverUrl, token, roomName}. One promise ends the work, by the deadline or
# because the caller has left. A create goes on without it, so that its session can be cancelled.
#
# Environment: RUNWAYML_API_SECRET, RUNWAYML_BASE_URL, CONNECT_TIMEOUT_S.

use Mojolicious::Lite -signatures, -async_await;
use Mojo::IOLoop;
use Mojo::JSON qw(decode_json);
use Mojo::Promise;
use Mojo::UserAgent;

my $BASE      = ($ENV{RUNWAYML_BASE_URL} // 'https://api.dev.runwayml.com') =~ s{/+$}{}r;
my $SECRET    = $ENV{RUNWAYML_API_SECRET} // die "RUNWAYML_API_SECRET is not set\n";
my $TIMEOUT_S = $ENV{CONNECT_TIMEOUT_S}   // 30;

my %PRESETS = map { $_ => 1 } qw(
  game-character music-superstar game-character-man cat-character influencer tennis-coach
  human-resource fashion-designer cooking-teacher
);
my $UUID            = qr/\A[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\z/;
my $POLL_EVERY_S    = 0.4;
my $MOST_CREATES    = 3;
my $LONGEST_PAUSE_S = 5;

app->max_request_size(16 * 1024);
app->log->level('warn');
my $ua = Mojo::UserAgent->new(request_timeout => 60, inactivity_timeout => 60);

# Two kinds of failure: {status, error}, which a caller may read, and {upstream, retry_after}, which is
# no success of Runway's; `upstream` is its status, or 0 without an answer that can be read.
sub problem ($status, $error) { return {status => $status, error => $error} }

async sub runway ($method, $path, %more) {
  my %headers = (
    Authorization      => 'Bearer ' . ($more{bearer} // $SECRET),
    'X-Runway-Version' => '2024-11-06',
  );
  my @json    = $more{json} ? (json => $more{json}) : ();
  my $tx      = $ua->build_tx($method => "$BASE/v1/realtime_sessions$path" => \%headers => @json);
  my $timeout = Mojo::Promise->timeout($more{within} // 60);
  my $answer  = eval { (await Mojo::Promise->race($ua->start_p($tx), $timeout))->result };
  die {upstream => 0} unless $answer;
  my ($after) = ($answer->headers->header('Retry-After') // '') =~ /\A(\d{1,9})\z/;
  die {upstream => $answer->code, retry_after => $after // 0} unless $answer->is_success;
  my $body = length $answer->body ? $answer->json : {};
  return ref $body eq 'HASH' ? $body : die {upstream => 0};
}

post '/api/avatar/connect' => async sub ($c) {
  my $tx     = $c->tx;    # it would end with the connection, and $c with it
  my $ending = Mojo::Promise->new;
  my $over   = 0;
  my $end    = sub ($why) { $over = 1; $ending->reject($why) };
  my $timer;
  my $creating;
  my $answer = eval {
    my $avatar = requested_avatar($c->req);
    $c->inactivity_timeout($TIMEOUT_S + 10);
    $timer = Mojo::IOLoop->timer($TIMEOUT_S => sub { $end->(problem(504, 'The session took too long')) });
    $tx->on(finish => sub { $end->(problem(499, 'The caller has left')) });
    $creating = create($avatar, \$over);
    await Mojo::Promise->race($ending, credentials($creating, \$over));
  };
  my $failure = $@;
  Mojo::IOLoop->remove($timer) if $timer;
  $c->res->headers->cache_control('no-store');
  return $c->render(json => $answer) if $answer && !$over;

  # It is paid for until it ends, also if its id comes late.
  $over = 1;
  $creating->then(\&cancel)->catch(sub { }) if $creating;
  my ($status, $error) = status_and_text($failure);
  return $c->render(json => {error => $error}, status => $status);
};

any '/*' => {'' => ''} => sub ($c) { $c->render(json => {error => 'Not found'}, status => 404) };

sub requested_avatar ($request) {
  die problem(413, 'The body is too long') if $request->is_limit_exceeded;
  my $body = eval { decode_json($request->body) };
  die problem(400, 'Expected a JSON object with an avatarId') unless ref $body eq 'HASH';
  my $id = $body->{avatarId};
  die problem(400, 'avatarId is required') if ref $id || !defined $id || $id eq '';
  return {type => 'runway-preset', presetId => $id} if $PRESETS{$id};
  return {type => 'custom', avatarId => $id} if $id =~ $UUID;
  die problem(404, 'Unknown avatar');
}

async sub credentials ($creating, $over) {
  my $id  = await $creating;
  my $key = await key_of($id, $over);

  # The session's key takes the place of the API secret. It works once.
  my $room   = await runway(POST => "/$id/consume", bearer => $key, json => {});
  my @fields = grep { defined && !ref && length } @$room{qw(url token roomName)};
  die problem(502, 'Runway gave no credentials') if @fields != 3;
  return {sessionId => $id, serverUrl => $fields[0], token => $fields[1], roomName => $fields[2]};
}

# Repeats only 429 and 503: they say that there is no session, and when to come back.
async sub create ($avatar, $over) {
  for my $attempt (1 .. $MOST_CREATES) {
    my $made = eval { await runway(POST => '', json => {model => 'gwm1_avatars', avatar => $avatar}) };
    if ($made) {
      return defined $made->{id} ? $made->{id} : die problem(502, 'Runway gave no session');
    }
    my $failure = $@;
    my $pause   = ($failure->{upstream} // 0) =~ /\A(?:429|503)\z/ ? $failure->{retry_after} : 0;
    die $failure if $pause <= 0 || $pause > $LONGEST_PAUSE_S || $attempt == $MOST_CREATES;
    await Mojo::Promise->timer($pause);
    die $failure if $$over;
  }
}

async sub key_of ($id, $over) {
  until ($$over) {
    my $session = eval { await runway(GET => "/$id", within => 3) };
    if (!$session) {

      # Looking changes nothing: what passes is looked at again, until the deadline.
      my $failure = $@;
      my $status  = $failure->{upstream} // die $failure;
      die $failure unless $status == 0 || $status == 429 || $status >= 500;
    }
    else {
      my $status = $session->{status} // '';
      return $session->{sessionKey} if $status eq 'READY' && $session->{sessionKey} && !$$over;
      die problem(502, 'The session will not become ready') if $status ne 'NOT_READY';
    }
    await Mojo::Promise->timer($POLL_EVERY_S);
  }
  die problem(504, 'The session took too long');
}

async sub cancel ($id) {
  for my $attempt (1 .. 3) {
    return if eval { await runway(DELETE => "/$id", within => 5); 1 };
    app->log->warn("session $id is not cancelled yet");
    await Mojo::Promise->timer($attempt);
  }
}

sub status_and_text ($failure) {
  return @$failure{qw(status error)} if ref $failure eq 'HASH' && $failure->{status};
  my $upstream = ref $failure eq 'HASH' ? $failure->{upstream} : undef;
  app->log->warn(defined $upstream ? 'Runway: ' . ($upstream || 'no answer') : $failure);
  return (503, 'No session is available right now') if ($upstream // 0) =~ /\A(?:402|429)\z/;
  return (502, 'The session could not be started');
}

app->start;
