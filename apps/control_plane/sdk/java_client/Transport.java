package __PACKAGE__;

import __PACKAGE__.model.ApiException;
import __PACKAGE__.model.ApiRequest;
import __PACKAGE__.model.Result;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Sends calls by the HTTP client of the JDK. */
final class Transport {
    private final HttpClient client;
    private final String invokeUrl;
    private final String apiKey;
    private final Duration timeout;

    Transport(String invokeUrl, String apiKey, int timeoutMillis) {
        this.invokeUrl = invokeUrl;
        this.apiKey = apiKey;
        this.timeout = Duration.ofMillis(timeoutMillis);
        this.client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(timeout).build();
    }

    Result send(ApiRequest<?> call) throws IOException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(call.address(invokeUrl))).timeout(timeout);
        request.setHeader("Accept", "application/json");
        if (apiKey != null) {
            request.setHeader("x-api-key", apiKey);
        }
        byte[] body = call.body();
        if (body != null) {
            request.setHeader("Content-Type", "application/json");
        }
        for (Map.Entry<String, String> header : call.headers().entrySet()) {
            request.setHeader(header.getKey(), header.getValue());
        }
        request.method(call.verb(), body == null
            ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofByteArray(body));
        try {
            return checked(client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray()));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", interrupted);
        }
    }

    private static Result checked(HttpResponse<byte[]> response) {
        Map<String, List<String>> headers = new TreeMap<String, List<String>>();
        for (Map.Entry<String, List<String>> header : response.headers().map().entrySet()) {
            headers.put(header.getKey().toLowerCase(), header.getValue());
        }
        Result result = new Result(response.statusCode(), headers, response.body());
        if (result.status() >= 400) {
            throw new ApiException(result);
        }
        return result;
    }
}
