# frozen_string_literal: true

# A shop on Sinatra: ruby shop.rb -p 8080

require "json"
require "openssl"
require "securerandom"
require "sinatra"
require_relative "padlock_token"

SHOP_ORIGIN = ENV.fetch("SHOP_ORIGIN", "http://127.0.0.1:8080")
# What stands for your shop's own customers and sessions: a random name in a cookie, and what it stands for, here.
CUSTOMERS = JSON.parse(File.read(File.join(__dir__, "users.json"), encoding: "utf-8"))
SESSIONS = {}

set :environment, :production
set :bind, "127.0.0.1"
# Its own check of the origin answers with a page; the one below is stricter, and answers with JSON.
set :protection, except: :http_origin

helpers do
  def reply(code, body = {})
    halt code, { "Cache-Control" => "no-store", "Content-Type" => "application/json" }, JSON.generate(body)
  end
end

# Stands for your shop's own log-in.
post "/login" do
  given = JSON.parse(request.body.read)
  customer = CUSTOMERS[given["name"].to_s]
  reply 401 unless customer && OpenSSL.secure_compare(customer["password"], given["password"].to_s)
  session = SecureRandom.urlsafe_base64(32)
  SESSIONS[session] = customer
  secure = SHOP_ORIGIN.start_with?("https:")
  response.set_cookie("session", value: session, path: "/", httponly: true, secure: secure, same_site: :lax)
  status 200
  content_type :json
  "{}"
end

post "/logout" do
  SESSIONS.delete(request.cookies["session"])
  reply 200
end

# The userId comes from the session, and from nothing else that the browser sends.
%i[get post put patch delete].each do |verb|
  send(verb, "/chat-token") do
    reply 405 unless request.post?
    # Browsers set Origin and no script can: a page of another site cannot ask in a visitor's name.
    reply 403 unless request.env["HTTP_ORIGIN"] == SHOP_ORIGIN
    customer = SESSIONS[request.cookies["session"]]
    reply 401 unless customer
    token = Padlock.token(customer["userId"], customer.fetch("visitorData", {}))
    token ? reply(200, { token: token }) : reply(503)
  end
end
