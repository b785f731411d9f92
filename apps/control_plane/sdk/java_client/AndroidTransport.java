package __PACKAGE__;

import __PACKAGE__.model.ApiException;
import __PACKAGE__.model.ApiRequest;
import __PACKAGE__.model.Result;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Sends calls by the connections that Android has. */
final class Transport {
    private final String invokeUrl;
    private final String apiKey;
    private final int timeoutMillis;

    Transport(String invokeUrl, String apiKey, int timeoutMillis) {
        this.invokeUrl = invokeUrl;
        this.apiKey = apiKey;
        this.timeoutMillis = timeoutMillis;
    }

    Result send(ApiRequest<?> call) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) new URL(call.address(invokeUrl)).openConnection();
        try {
            connection.setConnectTimeout(timeoutMillis);
            connection.setReadTimeout(timeoutMillis);
            connection.setInstanceFollowRedirects(false);
            connection.setRequestMethod(call.verb());
            write(connection, call);
            return read(connection);
        } finally {
            connection.disconnect();
        }
    }

    private void write(HttpURLConnection connection, ApiRequest<?> call) throws IOException {
        byte[] body = call.body();
        connection.setRequestProperty("Accept", "application/json");
        if (apiKey != null) {
            connection.setRequestProperty("x-api-key", apiKey);
        }
        if (body != null) {
            connection.setRequestProperty("Content-Type", "application/json");
        }
        for (Map.Entry<String, String> header : call.headers().entrySet()) {
            connection.setRequestProperty(header.getKey(), header.getValue());
        }
        if (body != null) {
            connection.setDoOutput(true);
            connection.setFixedLengthStreamingMode(body.length);
            try (OutputStream stream = connection.getOutputStream()) {
                stream.write(body);
            }
        }
    }

    private static Result read(HttpURLConnection connection) throws IOException {
        int status = connection.getResponseCode();
        Map<String, List<String>> headers = new TreeMap<String, List<String>>();
        for (Map.Entry<String, List<String>> header : connection.getHeaderFields().entrySet()) {
            if (header.getKey() != null) {
                headers.put(header.getKey().toLowerCase(), header.getValue());
            }
        }
        Result result = new Result(status, headers, bytes(status < 400 ? connection.getInputStream() : connection.getErrorStream()));
        if (status >= 400) {
            throw new ApiException(result);
        }
        return result;
    }

    private static byte[] bytes(InputStream stream) throws IOException {
        ByteArrayOutputStream collected = new ByteArrayOutputStream();
        if (stream != null) {
            byte[] buffer = new byte[8192];
            for (int read = stream.read(buffer); read >= 0; read = stream.read(buffer)) {
                collected.write(buffer, 0, read);
            }
            stream.close();
        }
        return collected.toByteArray();
    }
}
