# frozen_string_literal: true

require "json"
require "net/http"
require "uri"

# A client of one stage of an API. It needs the standard library alone.
module __MODULE__
  INVOKE_URL = __INVOKE_URL__

  # What came back. `data` is parsed where it is JSON, else text.
  Answer = Struct.new(:status, :headers, :data)

  # The API answered with an error; `answer` has its status, headers and data.
  class ApiError < StandardError
    attr_reader :answer

    def initialize(answer)
      super("#{answer.status}: #{answer.data}")
      @answer = answer
    end
  end

  # One method for each call of the API. `timeout` is seconds.
  class Client
    def initialize(api_key: nil, invoke_url: INVOKE_URL, timeout: 30)
      @api_key = api_key
      @base = invoke_url.chomp("/")
      @timeout = timeout
    end

    # __CALLS__
    private

    def request(verb, path, named_query, named_headers, body, query, headers)
      pairs = named_query.compact.merge(query)
      uri = URI(@base + path + (pairs.empty? ? "" : "?" + URI.encode_www_form(pairs)))
      message = Net::HTTPGenericRequest.new(verb, !body.nil?, verb != "HEAD", uri)
      message["Accept"] = "application/json"
      message["x-api-key"] = @api_key if @api_key
      message["Content-Type"] = "application/json" if body
      named_headers.compact.merge(headers).each { |name, value| message[name] = value.to_s }
      message.body = body.is_a?(String) ? body : JSON.generate(body) if body
      options = { use_ssl: uri.scheme == "https", open_timeout: @timeout, read_timeout: @timeout }
      answer = read(Net::HTTP.start(uri.hostname, uri.port, **options) { |http| http.request(message) })
      raise ApiError.new(answer) if answer.status >= 400
      answer
    end

    def read(response)
      text = response.body.to_s
      kind = response["content-type"].to_s.split(";").first.to_s.strip
      Answer.new(response.code.to_i, response.each_header.to_h, kind.end_with?("/json", "+json") ? parsed(text) : text)
    end

    def parsed(text)
      JSON.parse(text)
    rescue JSON::ParserError
      text
    end

    def segment(value)
      value.to_s.b.gsub(/[^A-Za-z0-9\-._~]/n) { |character| format("%%%02X", character.ord) }
    end

    def segments(value)
      value.to_s.split("/", -1).map { |part| segment(part) }.join("/")
    end
  end
end
