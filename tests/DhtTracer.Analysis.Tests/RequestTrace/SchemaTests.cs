using System.Text.Json;
using System.Text.Json.Nodes;
using DhtTracer.Analysis.RequestTrace;
using DhtTracer.TestSupport;
using Json.Schema;

namespace DhtTracer.Analysis.Tests.RequestTrace;

/// <summary>The published schema, read by an independent library, accepts what is written and refuses what the validator refuses.</summary>
public sealed class SchemaTests
{
    /// <summary>Bytes of the files of one dialect that the library reads, because it is slow.</summary>
    private const int MostBytes = 50_000;

    private static readonly JsonSchema Schema = JsonSchema.FromText(
        File.ReadAllText(Path.Combine(TestFiles.Repository, "docs", "request-trace.schema.json"))
    );

    public static TheoryData<string> Dialects => [.. DialectCaptures.Names];

    [Theory]
    [MemberData(nameof(Dialects))]
    public void A_file_of_every_dialect_follows_the_published_schema(string dialect)
    {
        var bytes = 0;
        foreach (var trace in DialectCaptures.Traces(dialect))
        {
            foreach (var operation in trace.Operations)
            {
                var file = RequestTraceWriter.ToUtf8(operation, trace.Queries);
                Assert.Empty(RequestTraceValidator.Check(file));
                if (bytes < MostBytes)
                {
                    Assert.True(Follows(JsonNode.Parse(file)!), "the library finds problems");
                    bytes += file.Length;
                }
            }
        }

        Assert.True(bytes > 0);
    }

    public static TheoryData<string, string, string> Changes =>
        new()
        {
            { "/format", "\"har\"", "/format" },
            { "/version", "\"2.0\"", "/version" },
            { "/creator", "5", "/creator" },
            { "/creator/name", "null", "/creator/name" },
            { "/requests", "{}", "/requests" },
            { "/requests/0/traceId", "\"0AF7651916CD43DD8448EB211C80319C\"", "/requests/0/traceId" },
            { "/requests/0/traceId", "\"00000000000000000000000000000000\"", "/requests/0/traceId" },
            { "/requests/0/id", "\"b7ad6b7169203331 \"", "/requests/0/id" },
            { "/requests/0/type", "\"find-provs\"", "/requests/0/type" },
            { "/requests/0/colour", "1", "/requests/0/colour" },
            { "/requests/0/startUnixNano", "1795337016926000000", "/requests/0/startUnixNano" },
            { "/requests/0/startUnixNano", "\"-1\"", "/requests/0/startUnixNano" },
            { "/requests/0/durationNs", "1.5", "/requests/0/durationNs" },
            { "/requests/0/results", "-1", "/requests/0/results" },
            { "/requests/0/key/bytes", "\"1\"", "/requests/0/key/bytes" },
            { "/requests/0/lookups/0/peers/1/dial/error", "\"refused\"", "/requests/0/lookups/0/peers/1/dial/error" },
            { "/requests/0/lookups/0/peers/1/dial/startNs", "null", "/requests/0/lookups/0/peers/1/dial/startNs" },
            { "/requests/0/lookups/0/peers/0/xor", "257", "/requests/0/lookups/0/peers/0/xor" },
            { "/requests/0/lookups/0/peers/0/state", "\"dead\"", "/requests/0/lookups/0/peers/0/state" },
            { "/requests/0/lookups/0/peers/0/messages/0/named/0", "7", "/requests/0/lookups/0/peers/0/messages/0/named/0" },
            { "/requests/0/lookups/0/peers/0/messages/0/outcome", "null", "/requests/0/lookups/0/peers/0/messages/0/outcome" },
            { "/requests/0/lookups/0/peers/0/a~1b", "true", "/requests/0/lookups/0/peers/0/a~1b" },
        };

    [Theory]
    [MemberData(nameof(Changes))]
    public void What_the_library_refuses_the_validator_refuses_at_its_place(string at, string value, string pointer)
    {
        var file = ByHand();
        Change(file, at, JsonNode.Parse(value));

        Assert.False(Follows(file));
        var problem = Assert.Single(RequestTraceValidator.Check(JsonSerializer.SerializeToUtf8Bytes(file)));
        Assert.Equal(pointer, problem.Pointer);
        Assert.NotEmpty(problem.Remedy);
    }

    [Theory]
    [InlineData("/requests/0", "traceId")]
    [InlineData("/requests/0", "startUnixNano")]
    [InlineData("/requests/0/lookups/0", "id")]
    [InlineData("/requests/0/lookups/0/peers/2/messages/0", "outcome")]
    public void A_member_that_is_required_and_left_out_is_named(string at, string name)
    {
        var file = ByHand();
        Assert.True(At(file, at)!.AsObject().Remove(name));

        Assert.False(Follows(file));
        var problem = Assert.Single(RequestTraceValidator.Check(JsonSerializer.SerializeToUtf8Bytes(file)));
        Assert.Equal(at, problem.Pointer);
        Assert.Contains($"\"{name}\"", problem.Expected, StringComparison.Ordinal);
    }

    [Fact]
    public void Extensions_and_nulls_are_allowed_anywhere()
    {
        var file = ByHand();
        Change(file, "/x-site", "lab");
        Change(file, "/requests/0/x-load", 3);
        Change(file, "/requests/0/lookups/0/peers/0/messages/0/x-bytes", JsonNode.Parse("[1]"));
        Change(file, "/requests/0/outcome", null);
        Change(file, "/requests/0/lookups/0/peers/0/agent", null);

        Assert.True(Follows(file));
        Assert.Empty(RequestTraceValidator.Check(JsonSerializer.SerializeToUtf8Bytes(file)));
    }

    [Theory]
    [InlineData("/requests/0/lookups/0/peers/1/id", "an id of its own")]
    [InlineData("/requests/0/answeredBy", "the id of a lookup")]
    [InlineData("/requests/0/key/kadId", "the SHA-256 of the bytes")]
    [InlineData("/requests/0/startUnixNano", "at most 18446744073709551615")]
    public void What_a_schema_cannot_say_the_validator_says(string at, string expected)
    {
        var file = ByHand();
        Change(
            file,
            at,
            at.EndsWith("/id", StringComparison.Ordinal) ? (string)file["requests"]![0]!["lookups"]![0]!["peers"]![0]!["id"]!
                : at.EndsWith("answeredBy", StringComparison.Ordinal) ? new string('1', 16)
                : at.EndsWith("kadId", StringComparison.Ordinal) ? new string('0', 64)
                : new string('9', 20)
        );

        var problem = Assert.Single(RequestTraceValidator.Check(JsonSerializer.SerializeToUtf8Bytes(file)));
        Assert.Equal(at, problem.Pointer);
        Assert.StartsWith(expected, problem.Expected, StringComparison.Ordinal);
    }

    [Fact]
    public void A_later_minor_version_may_have_members_that_are_not_known()
    {
        var file = ByHand();
        Change(file, "/version", "1.7");
        Change(file, "/requests/0/weather", "rain");

        Assert.Empty(RequestTraceValidator.Check(JsonSerializer.SerializeToUtf8Bytes(file)));
    }

    [Fact]
    public void Text_that_is_no_JSON_is_one_problem_with_its_place()
    {
        var problem = Assert.Single(RequestTraceValidator.Check("{\n  \"format\": ipfs"u8.ToArray()));

        Assert.Equal(("", "something else at line 2, byte 13"), (problem.Pointer, problem.Found));
    }

    private static bool Follows(JsonNode file) => Schema.Evaluate(JsonSerializer.SerializeToElement(file)).IsValid;

    private static JsonNode ByHand() => JsonNode.Parse(File.ReadAllBytes(TestFiles.Data("request-trace", "by-hand.json")))!;

    private static void Change(JsonNode file, string at, JsonNode? value)
    {
        var cut = at.LastIndexOf('/');
        var name = at[(cut + 1)..].Replace("~1", "/", StringComparison.Ordinal);
        switch (At(file, at[..cut]))
        {
            case JsonArray array:
                array[int.Parse(name, System.Globalization.CultureInfo.InvariantCulture)] = value;
                break;
            case JsonObject members:
                members[name] = value;
                break;
        }
    }

    private static JsonNode? At(JsonNode file, string at) =>
        at.Split('/', StringSplitOptions.RemoveEmptyEntries)
            .Aggregate(
                (JsonNode?)file,
                static (node, name) =>
                    node is JsonArray array ? array[int.Parse(name, System.Globalization.CultureInfo.InvariantCulture)] : node![name]
            );
}
