package __PACKAGE__.model;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** What came back: the status, the headers by their names in lower case, and the body. */
public final class Result {
    private final int status;
    private final Map<String, List<String>> headers;
    private final byte[] body;

    public Result(int status, Map<String, List<String>> headers, byte[] body) {
        this.status = status;
        this.headers = headers;
        this.body = body;
    }

    public int status() {
        return status;
    }

    public Map<String, List<String>> headers() {
        return headers;
    }

    /** The body as text. */
    public String body() {
        return new String(body, StandardCharsets.UTF_8);
    }

    public byte[] bytes() {
        return body.clone();
    }
}
