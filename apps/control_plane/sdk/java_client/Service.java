package __PACKAGE__;

import __PACKAGE__.model.*;
import java.io.IOException;

/** A client of one stage of an API, for any number of threads. Each call has a method and a request of its own. */
public final class __SERVICE__ {
    public static final String INVOKE_URL = __INVOKE_URL__;

    private final Transport transport;

    private __SERVICE__(Builder builder) {
        transport = new Transport(builder.invokeUrl, builder.apiKey, builder.timeoutMillis);
    }

    public static Builder builder() {
        return new Builder();
    }

    /** Makes a client. */
    public static final class Builder {
        private String invokeUrl = INVOKE_URL;
        private String apiKey;
        private int timeoutMillis = 30000;

        private Builder() {
        }

        /** Call another stage than the one that this SDK was made of. */
        public Builder invokeUrl(String invokeUrl) {
            this.invokeUrl = invokeUrl;
            return this;
        }

        /** Show this API key. */
        public Builder apiKey(String apiKey) {
            this.apiKey = apiKey;
            return this;
        }

        /** How long to wait for a connection, and for an answer. */
        public Builder timeoutMillis(int timeoutMillis) {
            this.timeoutMillis = timeoutMillis;
            return this;
        }

        public __SERVICE__ build() {
            return new __SERVICE__(this);
        }
    }

__CALLS__}
