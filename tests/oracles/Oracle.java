import com.jayway.jsonpath.JsonPath;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import net.minidev.json.JSONStyle;
import net.minidev.json.JSONValue;
import net.minidev.json.parser.JSONParser;
import org.apache.velocity.VelocityContext;
import org.apache.velocity.app.VelocityEngine;
import org.apache.velocity.app.event.EventCartridge;
import org.apache.velocity.app.event.ReferenceInsertionEventHandler;

/**
 * Answers what Apache Velocity and Jayway's JSONPath make of a line of standard input: `vtl` or `path`, the template or path, and a
 * JSON document, parted by spaces and in base64. The answer is one line: `ok` or `error`, and the text in base64.
 * An undefined reference prints nothing, as on API Gateway.
 */
public class Oracle {
    private static final JSONStyle UNESCAPED_SLASHES = new JSONStyle(JSONStyle.FLAG_PROTECT_4WEB);

    public static void main(String[] arguments) throws Exception {
        VelocityEngine engine = new VelocityEngine();
        engine.setProperty("runtime.log.logsystem.class", "org.apache.velocity.runtime.log.NullLogChute");
        engine.setProperty("input.encoding", "UTF-8");
        engine.init();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        PrintStream out = new PrintStream(System.out, true, "US-ASCII");
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] parts = line.split(" ", -1);
            String answer;
            try {
                Object document = parse(decode(parts[2]));
                answer = "ok " + encode(parts[0].equals("vtl") ? render(engine, decode(parts[1]), document) : read(decode(parts[1]), document));
            } catch (Throwable problem) {
                answer = "error " + encode(String.valueOf(problem));
            }
            out.println(answer);
        }
    }

    private static String render(VelocityEngine engine, String template, Object document) {
        VelocityContext context = new VelocityContext((Map<?, ?>) document);
        EventCartridge events = new EventCartridge();
        events.addEventHandler(new ReferenceInsertionEventHandler() {
            public Object referenceInsert(String reference, Object value) {
                return value == null ? "" : value;
            }
        });
        events.attachToContext(context);
        StringWriter written = new StringWriter();
        engine.evaluate(context, written, "template", template);
        return written.toString();
    }

    private static String read(String path, Object document) {
        Object found = JsonPath.read(document, path);
        return JSONValue.toJSONString(found, UNESCAPED_SLASHES);
    }

    private static Object parse(String text) throws Exception {
        return new JSONParser(JSONParser.MODE_RFC4627).parse(text, JSONValue.defaultReader.DEFAULT_ORDERED);
    }

    private static String decode(String text) {
        return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
    }

    private static String encode(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
