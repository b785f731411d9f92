"""One request with AWS's signature, written in several languages with what each brings along.

Address, query and body are the program's own variables, from which it signs, so that whoever changes one of them changes the signature with
it. Credentials come from the environment, as for AWS's own tools: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, where it is temporary, AWS_SESSION_TOKEN.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True)
class SignedCall:
    """A request in the parts that are signed. `headers` are sent as they are, and not signed."""

    method: str
    origin: str
    host: str
    path: str
    query: str
    body: str
    region: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def scope_end(self) -> str:
        return f"/{self.region}/execute-api/aws4_request"


def signed_call(method: str, url: str, headers: dict[str, str], body: str | None, region: str) -> SignedCall:
    """The parts of a request; its query is sorted and written as a signature has it."""
    parts = urlsplit(url)
    query = "&".join(
        sorted(one if "=" in one else f"{one}=" for one in parts.query.replace("+", "%20").split("&") if one)
    )
    origin = f"{parts.scheme}://{parts.netloc}"
    return SignedCall(method, origin, parts.netloc, parts.path or "/", query, body or "", region, headers)


def javascript(call: SignedCall, *, typed: bool = False) -> str:
    """For Node.js; with `typed`, TypeScript."""
    text, data, must = (": string", ": string | Buffer", "!") if typed else ("", "", "")
    names = ", ".join(_double(one) for one in (call.method, call.origin, call.host, call.path, call.query))
    return f"""import {{ createHash, createHmac }} from "node:crypto";

const [method, origin, host, path, query] = [{names}];
const body = {_double(call.body)};
const session = process.env.AWS_SESSION_TOKEN;
const sha256 = (words{text}) => createHash("sha256").update(words).digest("hex");
const hmac = (secret{data}, words{text}) => createHmac("sha256", secret).update(words).digest();

const time = new Date().toISOString().replace(/[:-]|\\.\\d+/g, "");
const signed = [["host", host], ["x-amz-date", time], ...(session ? [["x-amz-security-token", session]] : [])];
const names = signed.map(([name]) => name).join(";");
const lines = signed.map(([name, value]) => `${{name}}:${{value}}\\n`).join("");
const canonical = [method, path.replaceAll("%", "%25"), query, lines, names, sha256(body)].join("\\n");
const scope = `${{time.slice(0, 8)}}{call.scope_end}`;
let key{data} = `AWS4${{process.env.AWS_SECRET_ACCESS_KEY{must}}}`;
for (const part of scope.split("/")) key = hmac(key, part);
const signature = createHmac("sha256", key).update(["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\\n")).digest("hex");
const credential = `Credential=${{process.env.AWS_ACCESS_KEY_ID}}/${{scope}}, SignedHeaders=${{names}}, Signature=${{signature}}`;

const response{": Response" if typed else ""} = await fetch(origin + path + (query && `?${{query}}`), {{
  method,
  headers: {{ ...{_literal(call.headers)}, ...Object.fromEntries(signed.slice(1)), authorization: `AWS4-HMAC-SHA256 ${{credential}}` }},
  body: body || undefined,
}});
if (!response.ok) throw new Error(`HTTP ${{response.status}}`);
console.log(await response.text());"""


def java(call: SignedCall) -> str:
    headers = "".join(
        f"\n    request.header({_double(name)}, {_double(value)});" for name, value in call.headers.items()
    )
    names = _declared("    var ", call, ";")
    return f"""import java.net.URI;
import java.net.http.*;
import java.security.MessageDigest;
import java.time.*;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class SignedCall {{
  static byte[] hmac(byte[] key, String text) throws Exception {{
    var mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(text.getBytes("UTF-8"));
  }}

  static String sha256(String text) throws Exception {{
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes("UTF-8")));
  }}

  public static void main(String[] arguments) throws Exception {{
{names}
    var session = System.getenv("AWS_SESSION_TOKEN");
    var time = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").format(LocalDateTime.now(ZoneOffset.UTC));
    var names = "host;x-amz-date" + (session == null ? "" : ";x-amz-security-token");
    var lines = "host:" + host + "\\nx-amz-date:" + time + "\\n" + (session == null ? "" : "x-amz-security-token:" + session + "\\n");
    var canonical = String.join("\\n", method, path.replace("%", "%25"), query, lines, names, sha256(body));
    var scope = time.substring(0, 8) + {_double(call.scope_end)};
    var key = ("AWS4" + System.getenv("AWS_SECRET_ACCESS_KEY")).getBytes("UTF-8");
    for (var part : scope.split("/")) key = hmac(key, part);
    var signature = HexFormat.of().formatHex(hmac(key, String.join("\\n", "AWS4-HMAC-SHA256", time, scope, sha256(canonical))));

    var request = HttpRequest.newBuilder(URI.create(origin + path + (query.isEmpty() ? "" : "?" + query)))
      .method(method, body.isEmpty() ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body))
      .header("X-Amz-Date", time)
      .header("Authorization", "AWS4-HMAC-SHA256 Credential=" + System.getenv("AWS_ACCESS_KEY_ID") + "/" + scope
        + ", SignedHeaders=" + names + ", Signature=" + signature);{headers}
    if (session != null) request.header("X-Amz-Security-Token", session);
    var response = HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
    System.out.println(response.statusCode() + "\\n" + response.body());
  }}
}}"""


def go(call: SignedCall) -> str:
    headers = "".join(
        f"\n\trequest.Header.Set({_double(name)}, {_double(value)})" for name, value in call.headers.items()
    )
    values = ", ".join(_double(one) for one in (call.method, call.origin, call.host, call.path, call.query, call.body))
    return f"""package main

import (
\t"crypto/hmac"
\t"crypto/sha256"
\t"encoding/hex"
\t"fmt"
\t"io"
\t"net/http"
\t"os"
\t"strings"
\t"time"
)

func digest(text string) string {{
\tsum := sha256.Sum256([]byte(text))
\treturn hex.EncodeToString(sum[:])
}}

func sign(key []byte, text string) []byte {{
\tmac := hmac.New(sha256.New, key)
\tmac.Write([]byte(text))
\treturn mac.Sum(nil)
}}

func main() {{
\tmethod, origin, host, path, query, body := {values}
\tsession, now := os.Getenv("AWS_SESSION_TOKEN"), time.Now().UTC().Format("20060102T150405Z")
\tnames, lines := "host;x-amz-date", "host:"+host+"\\nx-amz-date:"+now+"\\n"
\tif session != "" {{
\t\tnames, lines = names+";x-amz-security-token", lines+"x-amz-security-token:"+session+"\\n"
\t}}
\tcanonical := strings.Join([]string{{method, strings.ReplaceAll(path, "%", "%25"), query, lines, names, digest(body)}}, "\\n")
\tscope := now[:8] + {_double(call.scope_end)}
\tkey := []byte("AWS4" + os.Getenv("AWS_SECRET_ACCESS_KEY"))
\tfor _, part := range strings.Split(scope, "/") {{
\t\tkey = sign(key, part)
\t}}
\tsignature := hex.EncodeToString(sign(key, strings.Join([]string{{"AWS4-HMAC-SHA256", now, scope, digest(canonical)}}, "\\n")))

\trequest, err := http.NewRequest(method, strings.TrimSuffix(origin+path+"?"+query, "?"), strings.NewReader(body))
\tif err != nil {{
\t\tpanic(err)
\t}}{headers}
\trequest.Header.Set("X-Amz-Date", now)
\tif session != "" {{
\t\trequest.Header.Set("X-Amz-Security-Token", session)
\t}}
\trequest.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+os.Getenv("AWS_ACCESS_KEY_ID")+"/"+scope+", SignedHeaders="+names+", Signature="+signature)
\tresponse, err := http.DefaultClient.Do(request)
\tif err != nil {{
\t\tpanic(err)
\t}}
\tdefer response.Body.Close()
\ttext, _ := io.ReadAll(response.Body)
\tfmt.Println(response.Status, string(text))
}}"""


def ruby(call: SignedCall) -> str:
    names = ", ".join(_single(one) for one in (call.method, call.origin, call.host, call.path, call.query))
    headers = "".join(f"\nrequest[{_single(name)}] = {_single(value)}" for name, value in call.headers.items())
    return f"""require "net/http"
require "openssl"

method, origin, host, path, query = {names}
body = {_single(call.body)}
time = Time.now.utc.strftime("%Y%m%dT%H%M%SZ")
signed = {{ "host" => host, "x-amz-date" => time, "x-amz-security-token" => ENV["AWS_SESSION_TOKEN"] }}.compact
names = signed.keys.join(";")
lines = signed.map {{ |name, value| "#{{name}}:#{{value}}\\n" }}.join
sha256 = ->(text) {{ OpenSSL::Digest::SHA256.hexdigest(text) }}
canonical = [method, path.gsub("%", "%25"), query, lines, names, sha256.(body)].join("\\n")
scope = time[0, 8] + {_single(call.scope_end)}
key = scope.split("/").reduce("AWS4" + ENV.fetch("AWS_SECRET_ACCESS_KEY")) {{ |secret, part| OpenSSL::HMAC.digest("SHA256", secret, part) }}
signature = OpenSSL::HMAC.hexdigest("SHA256", key, ["AWS4-HMAC-SHA256", time, scope, sha256.(canonical)].join("\\n"))

uri = URI(origin + path + (query.empty? ? "" : "?" + query))
request = Net::HTTPGenericRequest.new(method, !body.empty?, true, uri){headers}
signed.each {{ |name, value| request[name] = value }}
request["authorization"] = "AWS4-HMAC-SHA256 Credential=#{{ENV.fetch("AWS_ACCESS_KEY_ID")}}/#{{scope}}, SignedHeaders=#{{names}}, Signature=#{{signature}}"
request.body = body unless body.empty?
response = Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == "https") {{ |http| http.request(request) }}
puts response.code, response.body"""


def php(call: SignedCall) -> str:
    names = ", ".join(_single(one) for one in (call.method, call.origin, call.host, call.path, call.query))
    headers = ", ".join(_single(f"{name}: {value}") for name, value in call.headers.items())
    return f"""<?php
[$method, $origin, $host, $path, $query] = [{names}];
$body = {_single(call.body)};
$time = gmdate('Ymd\\THis\\Z');
$session = getenv('AWS_SESSION_TOKEN');
$signed = ['host' => $host, 'x-amz-date' => $time] + ($session ? ['x-amz-security-token' => $session] : []);
$names = implode(';', array_keys($signed));
$lines = implode('', array_map(fn ($name, $value) => "$name:$value\\n", array_keys($signed), $signed));
$canonical = implode("\\n", [$method, str_replace('%', '%25', $path), $query, $lines, $names, hash('sha256', $body)]);
$scope = substr($time, 0, 8) . {_single(call.scope_end)};
$key = 'AWS4' . getenv('AWS_SECRET_ACCESS_KEY');
foreach (explode('/', $scope) as $part) $key = hash_hmac('sha256', $part, $key, true);
$signature = hash_hmac('sha256', implode("\\n", ['AWS4-HMAC-SHA256', $time, $scope, hash('sha256', $canonical)]), $key);

$headers = [{headers}];
foreach ($signed as $name => $value) $headers[] = "$name: $value";
$headers[] = 'authorization: AWS4-HMAC-SHA256 Credential=' . getenv('AWS_ACCESS_KEY_ID') . "/$scope, SignedHeaders=$names, Signature=$signature";
$call = curl_init($origin . $path . ($query === '' ? '' : "?$query"));
curl_setopt_array($call, [CURLOPT_CUSTOMREQUEST => $method, CURLOPT_RETURNTRANSFER => true, CURLOPT_HTTPHEADER => $headers]);
if ($body !== '') curl_setopt($call, CURLOPT_POSTFIELDS, $body);
echo curl_exec($call), PHP_EOL, curl_getinfo($call, CURLINFO_RESPONSE_CODE), PHP_EOL;"""


def csharp(call: SignedCall) -> str:
    kind = next((value for name, value in call.headers.items() if name.lower() == "content-type"), "text/plain")
    headers = "".join(
        f"request.Headers.TryAddWithoutValidation({_double(name)}, {_double(value)});\n"
        for name, value in call.headers.items()
        if name.lower() != "content-type"
    )
    names = _declared("var ", call, ";")
    return f"""using System.Security.Cryptography;
using System.Text;

{names}
var session = Environment.GetEnvironmentVariable("AWS_SESSION_TOKEN");
string Hex(byte[] data) => Convert.ToHexString(data).ToLowerInvariant();
byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
string Sha256(string text) => Hex(SHA256.HashData(Bytes(text)));

var time = DateTime.UtcNow.ToString("yyyyMMdd'T'HHmmss'Z'");
var names = "host;x-amz-date" + (session == null ? "" : ";x-amz-security-token");
var lines = $"host:{{host}}\\nx-amz-date:{{time}}\\n" + (session == null ? "" : $"x-amz-security-token:{{session}}\\n");
var canonical = string.Join("\\n", method, path.Replace("%", "%25"), query, lines, names, Sha256(body));
var scope = time[..8] + {_double(call.scope_end)};
var key = Bytes("AWS4" + Environment.GetEnvironmentVariable("AWS_SECRET_ACCESS_KEY"));
foreach (var part in scope.Split('/')) key = HMACSHA256.HashData(key, Bytes(part));
var signature = Hex(HMACSHA256.HashData(key, Bytes(string.Join("\\n", "AWS4-HMAC-SHA256", time, scope, Sha256(canonical)))));
var credential = $"{{Environment.GetEnvironmentVariable("AWS_ACCESS_KEY_ID")}}/{{scope}}";

using var client = new HttpClient();
using var request = new HttpRequestMessage(new HttpMethod(method), origin + path + (query == "" ? "" : "?" + query));
{headers}if (body != "") request.Content = new StringContent(body, null, {_double(kind)});
request.Headers.TryAddWithoutValidation("X-Amz-Date", time);
if (session != null) request.Headers.TryAddWithoutValidation("X-Amz-Security-Token", session);
request.Headers.TryAddWithoutValidation("Authorization", $"AWS4-HMAC-SHA256 Credential={{credential}}, SignedHeaders={{names}}, Signature={{signature}}");
using var response = await client.SendAsync(request);
Console.WriteLine($"{{(int)response.StatusCode}} {{await response.Content.ReadAsStringAsync()}}");"""


def _declared(start: str, call: SignedCall, end: str) -> str:
    """A line for each part, as Java and C# declare variables."""
    parts = {
        "method": call.method, "origin": call.origin, "host": call.host, "path": call.path, "query": call.query,
        "body": call.body,
    }  # fmt: skip
    return "\n".join(f"{start}{name} = {_double(value)}{end}" for name, value in parts.items())


def _double(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _single(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _literal(headers: dict[str, str]) -> str:
    return json.dumps(headers, ensure_ascii=False)
