package __PACKAGE__.model;

/** The API answered with an error. */
public final class ApiException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient Result result;

    public ApiException(Result result) {
        super(result.status() + ": " + result.body());
        this.result = result;
    }

    public Result result() {
        return result;
    }
}
