# frozen_string_literal: true

# A connect endpoint in Ruby: a Rack application for Puma, and Net::HTTP.
#
#   puma --threads 0:32 --bind tcp://127.0.0.1:3000 config.ru
#
# It hands out {sessionId, serverUrl, token, roomName}. A thread serves a caller; between two looks at
# the session it asks the caller's socket, which Puma lends, whether the caller is still there.
#
# Environment: RUNWAYML_API_SECRET, RUNWAYML_BASE_URL, CONNECT_TIMEOUT_S.

require 'json'
require 'net/http'
require 'timeout'

PRESETS = %w[
  game-character music-superstar game-character-man cat-character influencer tennis-coach
  human-resource fashion-designer cooking-teacher
].freeze
UUID = /\A\h{8}(-\h{4}){3}-\h{12}\z/
POLL_EVERY_S = 0.4
MOST_CREATES = 3
LONGEST_PAUSE_S = 5
LONGEST_BODY = 16 * 1024

# A failure that a caller may read.
class ConnectError < StandardError
  attr_reader :status

  def initialize(status, message)
    super(message)
    @status = status
  end
end

# An answer of Runway's that is no success. Its text stays here.
class UpstreamError < StandardError
  attr_reader :status, :retry_after

  def initialize(response)
    @status = response.code.to_i
    @retry_after = response['Retry-After'].to_f
    super("Runway answered #{@status}")
  end

  def passing? = status == 429 || status >= 500
end

# The four calls to Runway, each made once on a connection of its own.
class Runway
  def initialize(base, secret)
    @base = base.chomp('/')
    @secret = secret
  end

  def create(avatar, within:)
    body = { model: 'gwm1_avatars', avatar: avatar }
    call(Net::HTTP::Post, '', @secret, within, body)
  end

  def retrieve(id, within:) = call(Net::HTTP::Get, "/#{id}", @secret, within)

  # The session's key takes the place of the API secret.
  def consume(id, key, within:) = call(Net::HTTP::Post, "/#{id}/consume", key, within, {})

  def delete(id, within:) = call(Net::HTTP::Delete, "/#{id}", @secret, within)

  private

  def call(method, path, bearer, within, body = nil)
    uri = URI("#{@base}/v1/realtime_sessions#{path}")
    request = method.new(uri)
    request['Authorization'] = "Bearer #{bearer}"
    request['X-Runway-Version'] = '2024-11-06'
    if body # Net::HTTP would declare a form
      request['Content-Type'] = 'application/json'
      request.body = JSON.generate(body)
    end
    # Net::HTTP repeats GET and DELETE by itself, and its timeouts are for each read alone.
    options = { use_ssl: uri.scheme == 'https', max_retries: 0, open_timeout: within }
    response = Timeout.timeout(within) do
      Net::HTTP.start(uri.host, uri.port, **options) { |http| http.request(request) }
    end
    raise UpstreamError, response unless response.is_a?(Net::HTTPSuccess)

    JSON.parse(response.body) if response.body
  end
end

# One caller's connect.
class Connect
  def initialize(runway, socket, timeout_s)
    @runway = runway
    @socket = socket
    @end_at = now + timeout_s
  end

  def call(avatar)
    session_id = create(avatar)
    room = @runway.consume(session_id, key_of(session_id), within: left)
    fields = room.is_a?(Hash) ? room.values_at('url', 'token', 'roomName') : [nil]
    raise ConnectError.new(502, 'Runway gave no credentials') unless fields.all? { |each| each.is_a?(String) && !each.empty? }

    url, token, name = fields
    still_wanted!
    { sessionId: session_id, serverUrl: url, token: token, roomName: name }
  rescue StandardError
    cancel(session_id) if session_id
    raise
  end

  private

  # Only 429 and 503 say for certain that there is no session, and when to come back.
  def create(avatar)
    attempts ||= 1
    creating = Thread.new { @runway.create(avatar, within: 60) }
    creating.report_on_exception = false
    made = creating.join(left) && creating.value
    unless made
      cancel_when_made(creating)
      raise Timeout::Error
    end
    raise ConnectError.new(502, 'Runway gave no session') unless made.is_a?(Hash) && made['id'].is_a?(String)

    made['id']
  rescue UpstreamError => e
    pause = e.retry_after
    raise unless [429, 503].include?(e.status) && pause.between?(0.1, LONGEST_PAUSE_S)
    raise if (attempts += 1) > MOST_CREATES

    pause_for(pause)
    retry
  end

  def key_of(session_id)
    loop do
      session = look(session_id)
      case session && session['status']
      when 'READY'
        key = session['sessionKey']
        return key if key.is_a?(String) && !key.empty?

        raise ConnectError.new(502, 'Runway gave no key')
      when 'NOT_READY', nil
        pause_for(POLL_EVERY_S)
      else # it has ended, or another caller has used its key
        raise ConnectError.new(502, 'The session will not become ready')
      end
    end
  end

  # Looking changes nothing: what passes is looked at again, until the deadline.
  def look(session_id)
    session = @runway.retrieve(session_id, within: [left, 3].min)
    session if session.is_a?(Hash)
  rescue UpstreamError => e
    raise unless e.passing?
  rescue SystemCallError, IOError, Timeout::Error, JSON::ParserError, Net::ProtocolError
    nil
  end

  def cancel(session_id)
    Thread.new do
      attempts ||= 1
      @runway.delete(session_id, within: 5)
    rescue StandardError
      sleep attempts
      retry if (attempts += 1) <= 3
      warn "session #{session_id} could not be cancelled"
    end
  end

  def cancel_when_made(creating)
    Thread.new do
      id = creating.value&.dig('id')
      cancel(id) if id
    rescue StandardError
      nil # there is none
    end
  end

  def pause_for(seconds)
    until_ = now + seconds
    while now < until_
      still_wanted!
      sleep [0.1, until_ - now].min.clamp(0, 0.1)
    end
  end

  def left
    left = @end_at - now
    raise Timeout::Error unless left.positive?

    left
  end

  def still_wanted!
    left
    raise ConnectError.new(499, 'The caller has left') if gone?
  end

  # A caller who waits sends nothing; the end of its stream means that it closed.
  def gone?
    @socket.recv_nonblock(1, Socket::MSG_PEEK, exception: false) == ''
  rescue SystemCallError
    true
  end

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
end

def avatar_in(env)
  raise ConnectError.new(413, 'The body is too long') if env['CONTENT_LENGTH'].to_i > LONGEST_BODY

  body = JSON.parse(env['rack.input'].read(LONGEST_BODY).to_s)
  id = body['avatarId'] if body.is_a?(Hash)
  raise ConnectError.new(400, 'avatarId is required') unless id.is_a?(String) && !id.empty?
  return { type: 'runway-preset', presetId: id } if PRESETS.include?(id)
  return { type: 'custom', avatarId: id } if id.valid_encoding? && UUID.match?(id)

  raise ConnectError.new(404, 'Unknown avatar')
rescue JSON::ParserError
  raise ConnectError.new(400, 'Expected a JSON object with an avatarId')
end

def reply(status, body)
  headers = { 'Content-Type' => 'application/json', 'Cache-Control' => 'no-store' }
  [status, headers, [JSON.generate(body)]]
end

runway = Runway.new(
  ENV.fetch('RUNWAYML_BASE_URL', 'https://api.dev.runwayml.com'), ENV.fetch('RUNWAYML_API_SECRET')
)
timeout_s = ENV.fetch('CONNECT_TIMEOUT_S', '30').to_f

run(lambda do |env|
  next reply(404, error: 'Not found') unless env['PATH_INFO'] == '/api/avatar/connect'
  next reply(405, error: 'Use POST') unless env['REQUEST_METHOD'] == 'POST'

  reply(200, Connect.new(runway, env['puma.socket'], timeout_s).call(avatar_in(env)))
rescue ConnectError => e
  reply(e.status, error: e.message)
rescue Timeout::Error
  reply(504, error: 'The session took too long')
rescue UpstreamError => e
  warn e.message
  busy = [402, 429].include?(e.status)
  reply(busy ? 503 : 502, error: busy ? 'No session is available right now' : 'The session could not be started')
rescue StandardError => e
  warn "#{e.class} at #{e.backtrace&.first}"
  reply(502, error: 'The session could not be started')
end)
