# frozen_string_literal: true

require "json"
require "jwt"
require "logger"
require "net/http"
require "openssl"

# Tokens for visitors who are logged in, from Padlock. One module for Sinatra, Rails and all others.
module Padlock
  LOG = Logger.new($stderr)
  LIFE_SECONDS = 300
  @lock = Mutex.new
  @caller = { jwt: "", good_until: 0 }

  # The JWT by which Padlock knows this backend; a new one is made a minute before it expires.
  def self.caller_jwt
    @lock.synchronize do
      now = Time.now.to_i
      if now >= @caller[:good_until]
        key = OpenSSL::PKey::RSA.new(File.read(ENV.fetch("PADLOCK_CALLER_KEY_FILE")))
        claims = {
          iss: ENV.fetch("PADLOCK_CALLER_ISSUER"),
          sub: "shop-backend",
          aud: "padlock",
          scope: "issue:default",
          iat: now,
          exp: now + LIFE_SECONDS
        }
        @caller = { jwt: JWT.encode(claims, key, "RS256"), good_until: now + LIFE_SECONDS - 60 }
      end
      @caller[:jwt]
    end
  end
  private_class_method :caller_jwt

  # A token; nil when there is none to be had now.
  def self.token(user_id, visitor_data = {})
    uri = URI("#{ENV.fetch('PADLOCK_URL')}/v1/profiles/default/tokens")
    headers = { "Authorization" => "Bearer #{caller_jwt}", "Content-Type" => "application/json" }
    body = JSON.generate({ userId: user_id, visitorData: visitor_data })
    # Padlock answers within 2 seconds, with a token or with a code. The first nil: through no proxy.
    times = { open_timeout: 1, write_timeout: 1, read_timeout: 3 }
    answer = Net::HTTP.start(uri.host, uri.port, nil, use_ssl: uri.scheme == "https", **times) do |http|
      http.post(uri.path, body, headers)
    end
    return String(JSON.parse(answer.body).fetch("token")) if answer.code == "200"

    LOG.error("Padlock: #{refusal(answer)}")
    nil
  rescue SystemCallError, IOError, SocketError, Timeout::Error, OpenSSL::SSL::SSLError, Net::ProtocolError,
         Net::HTTPBadResponse, JSON::JSONError, KeyError, NoMethodError, TypeError => error
    LOG.error("Padlock: #{error.class}")
    nil
  end

  # What is fit for a log; the user_id, the token and the JWT are not.
  def self.refusal(answer)
    problem = begin
      JSON.parse(answer.body)
    rescue JSON::ParserError
      {}
    end
    faults = problem.fetch("errors", []).map { |fault| ", #{fault['pointer']} #{fault['code']}" }
    "#{answer.code} #{problem['code']}, request #{problem['requestId']}#{faults.join}"
  end
  private_class_method :refusal
end
