using DhtTracer.Kademlia;
using DhtTracer.Kademlia.Queries;
using DhtTracer.Node;

namespace DhtTracer.Tests.Node;

public sealed class DhtCommandTests
{
    [Theory]
    [InlineData("a b  c", "a|b|c")]
    [InlineData("put /v/'a b' \"c d\" e\\ f", "put|/v/a b|c d|e f")]
    [InlineData("'it'\\''s' ''", "it's|")]
    [InlineData("\"a \\\"b\\\" \\n\"", "a \"b\" \\n")]
    [InlineData("'a\\b' \"'\" '\"'", "a\\b|'|\"")]
    [InlineData(" \t\n", null)]
    public void Words_are_split_as_a_shell_splits_them(string text, string? words) =>
        Assert.Equal(words?.Split('|') ?? [], ShellWords.Split(text));

    [Fact]
    public async Task Any_key_is_one_where_nothing_is_validated()
    {
        await using var node = await TracedNode.StartAsync(
            new NodeOptions
            {
                Bootstrap = [],
                Dht = new DhtOptions { Validation = RecordValidation.None, Protocol = "/my/kad/1.0.0" },
                Export = new SpanExportOptions { Enabled = false },
            },
            TextWriter.Null,
            TestContext.Current.CancellationToken
        );
        foreach (
            var (written, bytes) in new[]
            {
                ("foo", "foo"u8.ToArray()),
                ("hex:0011ff", [0, 0x11, 0xff]),
                ("'a b'", "a b"u8.ToArray()),
                ("/x", "/x"u8.ToArray()),
            }
        )
        {
            var put = DhtCommand.Parse($"put-value {written} bad", RecordValidation.None);
            Assert.Empty(put.Notes);
            await put.RunAsync(node.Node, QueryOptions.Default, TestContext.Current.CancellationToken);
            Assert.Equal("bad"u8.ToArray(), node.Dht.Values.Get(bytes)!.Value.ToArray());
            var got = await DhtCommand
                .Parse($"get-value {written}", RecordValidation.None)
                .RunAsync(node.Node, QueryOptions.Default, TestContext.Current.CancellationToken);
            Assert.Equal("bad"u8.ToArray(), got.Value!.Value.ToArray());
        }
    }

    [Fact]
    public void The_words_of_the_command_line_are_taken_as_the_shell_gave_them()
    {
        var command = DhtCommand.Of(["put-value", "/v/a b", "it's \\"]);
        Assert.Equal(("/v/a b", "it's \\"), (command.Argument, command.Value));
    }
}
