using System.Globalization;
using System.Text.Json;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Analysis.Tests.Export;

/// <summary>
/// HTTP archive 1.2 (http://www.softwareishard.com/blog/har-12-spec/) as tables of members: what is required, of what kind it is, and that
/// nothing else stands there but members that begin with an underscore.
/// </summary>
internal static class Har12
{
    private static readonly Dictionary<string, string[]> Objects = new(StringComparer.Ordinal)
    {
        // name:kind, with a question mark when it is optional. Kinds: s text, n number, i whole number, d ISO 8601 date, a name is an
        // object, [name] an array of them.
        ["root"] = ["log:log"],
        ["log"] = ["version:s", "creator:creator", "browser:creator?", "pages:[page]?", "entries:[entry]", "comment:s?"],
        ["creator"] = ["name:s", "version:s", "comment:s?"],
        ["page"] = ["startedDateTime:d", "id:s", "title:s", "pageTimings:pageTimings", "comment:s?"],
        ["pageTimings"] = ["onContentLoad:t?", "onLoad:t?", "comment:s?"],
        ["entry"] =
        [
            "pageref:s?",
            "startedDateTime:d",
            "time:n",
            "request:request",
            "response:response",
            "cache:cache",
            "timings:timings",
            "serverIPAddress:s?",
            "connection:s?",
            "comment:s?",
        ],
        ["request"] =
        [
            "method:s",
            "url:u",
            "httpVersion:s",
            "cookies:[pair]",
            "headers:[pair]",
            "queryString:[pair]",
            "postData:postData?",
            "headersSize:i",
            "bodySize:i",
            "comment:s?",
        ],
        ["response"] =
        [
            "status:i",
            "statusText:s",
            "httpVersion:s",
            "cookies:[pair]",
            "headers:[pair]",
            "content:content",
            "redirectURL:s",
            "headersSize:i",
            "bodySize:i",
            "comment:s?",
        ],
        ["content"] = ["size:i", "compression:i?", "mimeType:s", "text:s?", "encoding:s?", "comment:s?"],
        ["cache"] = ["comment:s?"],
        ["timings"] = ["blocked:t?", "dns:t?", "connect:t?", "send:n", "wait:n", "receive:n", "ssl:t?", "comment:s?"],
        ["pair"] = ["name:s", "value:s", "comment:s?"],
    };

    /// <summary>Fails unless a file is such an archive.</summary>
    public static JsonElement Check(byte[] file)
    {
        var root = JsonDocument.Parse(file).RootElement;
        Object(root, "root", "");
        var log = root.GetProperty("log");
        Assert.Equal("1.2", log.GetProperty("version").GetString());
        var pages = log.GetProperty("pages").EnumerateArray().Select(page => page.GetProperty("id").GetString()).ToList();
        Assert.Equal(pages.Distinct().Count(), pages.Count);
        var before = DateTimeOffset.MinValue;
        foreach (var entry in log.GetProperty("entries").EnumerateArray())
        {
            Assert.Contains(entry.GetProperty("pageref").GetString(), pages);
            var sum = entry
                .GetProperty("timings")
                .EnumerateObject()
                .Where(time => time.Name is not ("ssl" or "comment"))
                .Select(time => time.Value.GetDecimal())
                .Where(time => time != -1)
                .Sum();
            Assert.Equal(entry.GetProperty("time").GetDecimal(), sum);

            // "sorted by startedDateTime (starting from the oldest) is preferred".
            var started = entry.GetProperty("startedDateTime").GetDateTimeOffset();
            Assert.True(started >= before);
            before = started;
        }

        return root;
    }

    private static void Object(JsonElement element, string name, string path)
    {
        Assert.True(element.ValueKind == JsonValueKind.Object, $"{path} is no object");
        var members = Objects[name].Select(member => member.Split(':')).ToDictionary(member => member[0], member => member[1]);
        Assert.All(
            members.Where(member => !member.Value.EndsWith('?')),
            member => Assert.True(element.TryGetProperty(member.Key, out _), $"{path}.{member.Key} is required")
        );
        foreach (var member in element.EnumerateObject().Where(member => !member.Name.StartsWith('_')))
        {
            Assert.True(members.ContainsKey(member.Name), $"{path}.{member.Name} is no member of HAR 1.2");
            Value(member.Value, members[member.Name].TrimEnd('?'), $"{path}.{member.Name}");
        }
    }

    private static void Value(JsonElement value, string kind, string path)
    {
        switch (kind)
        {
            case "s":
                Assert.True(value.ValueKind == JsonValueKind.String, $"{path} is no text");
                break;
            case "u":
                Assert.True(
                    Uri.TryCreate(value.GetString(), UriKind.Absolute, out var url) && url.Fragment.Length == 0,
                    $"{path} is no absolute URL without a fragment"
                );
                break;
            case "d":
                Assert.True(
                    DateTimeOffset.TryParseExact(
                        value.GetString(),
                        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
                        CultureInfo.InvariantCulture,
                        DateTimeStyles.None,
                        out _
                    ),
                    $"{path} is no ISO 8601 date"
                );
                break;
            case "i":
                Assert.True(value.TryGetInt64(out _), $"{path} is no whole number");
                break;
            case "n":
                Assert.True(value.GetDecimal() >= 0, $"{path} is negative");
                break;
            case "t":
                Assert.True(value.GetDecimal() is -1 or >= 0, $"{path} is neither a time nor -1");
                break;
            case ['[', .. var item, ']']:
                Assert.All(value.EnumerateArray(), one => Object(one, item, path));
                break;
            default:
                Object(value, kind, path);
                break;
        }
    }
}
