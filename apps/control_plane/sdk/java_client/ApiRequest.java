package __PACKAGE__.model;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** A call that is about to be made: its parameters, its body, and what else shall be sent. */
public abstract class ApiRequest<T extends ApiRequest<T>> {
    private final String verb;
    private final String path;
    private final String[] required;
    private final Map<String, String> segments = new LinkedHashMap<String, String>();
    private final Map<String, String> headers = new LinkedHashMap<String, String>();
    private final StringBuilder query = new StringBuilder();
    private final Map<String, Boolean> given = new LinkedHashMap<String, Boolean>();
    private byte[] body;

    protected ApiRequest(String verb, String path, String... required) {
        this.verb = verb;
        this.path = path;
        this.required = required;
    }

    protected abstract T self();

    /** Send a header of this name. */
    public final T header(String name, String value) {
        headers.put(name, value);
        given.put("header " + name.toLowerCase(), true);
        return self();
    }

    /** Send a query parameter; one of the same name stands beside it. */
    public final T query(String name, String value) {
        query.append(query.length() == 0 ? '?' : '&').append(encoded(name)).append('=').append(encoded(value));
        given.put("query " + name, true);
        return self();
    }

    /** Send a body: JSON, unless a Content-Type header says otherwise. */
    public final T body(String text) {
        return body(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Send a body as bytes. */
    public final T body(byte[] bytes) {
        body = bytes.clone();
        return self();
    }

    protected final T segment(String name, String value) {
        segments.put(name, encoded(value));
        given.put("path " + name, true);
        return self();
    }

    protected final T segments(String name, String value) {
        segments.put(name, encoded(value).replace("%2F", "/"));
        given.put("path " + name, true);
        return self();
    }

    public final String verb() {
        return verb;
    }

    public final Map<String, String> headers() {
        return new LinkedHashMap<String, String>(headers);
    }

    /** The body, or null where there is none. */
    public final byte[] body() {
        return body;
    }

    /** The address of the call below that of the stage; an IllegalArgumentException names a parameter that is missing. */
    public final String address(String invokeUrl) {
        for (String name : required) {
            if (!given.containsKey(name)) {
                throw new IllegalArgumentException("Missing required parameter: " + name);
            }
        }
        StringBuilder address = new StringBuilder(invokeUrl.replaceAll("/+$", ""));
        int at = 0;
        while (at < path.length()) {
            int open = path.indexOf('{', at);
            int close = open < 0 ? -1 : path.indexOf('}', open);
            if (close < 0) {
                break;
            }
            String name = path.substring(open + 1, close);
            address.append(path, at, open);
            address.append(segments.get(name.endsWith("+") ? name.substring(0, name.length() - 1) : name));
            at = close + 1;
        }
        return address.append(path.substring(at)).append(query).toString();
    }

    private static String encoded(String text) {
        try {
            return URLEncoder.encode(text, "UTF-8").replace("+", "%20");
        } catch (java.io.UnsupportedEncodingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
