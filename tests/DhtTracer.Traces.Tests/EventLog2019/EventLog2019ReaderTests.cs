using System.Text;
using DhtTracer.Traces.EventLog2019;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Tests.EventLog2019;

public class EventLog2019ReaderTests
{
    private const string Start =
        """{"QueryRunner":{"Query":{"Key":"k"},"StartTime":"2019-07-24T18:26:20.321265-07:00"}"""
        + ""","event":"dhtQueryRunner.Run.Start","time":"2019-07-25T01:26:20.321328Z"}""";
    private const string Other = """{"event":"interfaceListenAddresses","system":"addrutil","time":"2019-07-25T01:26:20.460996Z"}""";

    [Theory]
    [InlineData("data: " + Start + "\n\n")]
    [InlineData(Start)]
    [InlineData("\uFEFF: a comment\r\nevent: message\r\nid: 1\r\ndata:" + Start + "\r\n\r\n" + Other)]
    public void Server_sent_events_and_json_lines_give_the_same_spans(string log)
    {
        var spans = Decode(log);

        Assert.Equal([EventLogNames.Run, EventLogNames.RunStart], spans.Select(span => span.Name));
        Assert.Equal(Decode(Start).Select(span => (span.TraceId, span.SpanId)), spans.Select(span => (span.TraceId, span.SpanId)));
        Assert.Equal(Start, spans[1].Attributes.GetString(EventLogNames.Line));
    }

    [Fact]
    public void Times_keep_their_offset_and_every_digit()
    {
        var spans = Decode(Start.Replace("20.321328Z", "20.321328123Z", StringComparison.Ordinal));

        Assert.Equal(1_564_017_980_321_265_000UL, spans[0].StartUnixNano);
        Assert.Equal(0UL, spans[0].EndUnixNano);
        Assert.Equal(1_564_017_980_321_328_123UL, spans[1].StartUnixNano);
    }

    [Fact]
    public void A_line_that_stands_twice_gives_two_spans_and_the_same_two_each_time()
    {
        var spans = Decode(Start + "\n" + Start);

        Assert.Equal(3, spans.Select(span => span.SpanId).Distinct().Count());
        Assert.Equal(1, (spans[2].Attributes[EventLogNames.Repetition] as IntValue)?.Value);
        Assert.Equal(spans.Select(span => span.SpanId), Decode(Start + "\n" + Start).Select(span => span.SpanId));
    }

    [Theory]
    [InlineData("not json", 3)]
    [InlineData("data: {\"event\":", 3)]
    [InlineData("data: [1]", 3)]
    [InlineData("""{"event":"dhtQueryRunner.Run.End","time":"2019-07-25T01:26:20Z"}""", 3)]
    [InlineData("""{"event":"dhtQueryRunner.Run.End","time":"yesterday","QueryRunner":{}}""", 3)]
    public void A_line_that_cannot_be_read_is_named_by_its_number_and_place(string bad, int line)
    {
        var log = $"data: {Start}\n\n{bad}\n\ndata: {Start}\n";

        var error = Assert.Throws<TraceFormatException>(() => Decode(log));
        Assert.Equal((line, log.IndexOf(bad, StringComparison.Ordinal)), (error.Line, error.Offset));

        var rejected = new List<RejectedSpan>();
        Assert.Equal(3, EventLog2019Reader.Decode(Encoding.UTF8.GetBytes(log), rejected).Count);
        Assert.Equal(error.Offset, Assert.Single(rejected).Offset);
    }

    [Fact]
    public void Lines_about_other_things_are_passed_over() =>
        Assert.Empty(Decode(Other + "\n{\"Operation\":\"swarmDialDo\",\"Logs\":[{\"Fields\":null}]}\n"));

    [Fact]
    public void The_logging_node_is_known_when_only_one_is_named()
    {
        const string Log = """{"Operation":"secureHandshake","Logs":[{"Fields":[{"Key":"localPeer","Value":"QmNode"}]}]}""";

        Assert.Equal("QmNode", Decode(Log + "\n" + Start)[0].Attributes.GetString(EventLogNames.Node));
        Assert.Null(
            Decode(Log + "\n" + Start + "\n" + Log.Replace("QmNode", "QmOther", StringComparison.Ordinal))[0]
                .Attributes.GetString(EventLogNames.Node)
        );
    }

    [Fact]
    public void Damaged_logs_are_errors_and_never_crash()
    {
        var count = int.TryParse(Environment.GetEnvironmentVariable("DHT_TRACER_FUZZ_INPUTS"), out var wanted) ? wanted : 2000;
        var random = new Random(2019);
        var whole = Encoding.UTF8.GetBytes($"data: {Start}\n\ndata: {Other}\n\n");
        for (var i = 0; i < count; i++)
        {
            var damaged = whole.ToArray();
            for (var change = random.Next(1, 6); change > 0; change--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            var rejected = new List<RejectedSpan>();
            var spans = EventLog2019Reader.Decode(damaged.AsSpan(0, random.Next(damaged.Length + 1)), rejected);

            Assert.All(spans, span => Assert.False(span.TraceId.IsZero || span.SpanId.IsZero));
            Assert.All(rejected, item => Assert.InRange(item.Offset, 0, damaged.Length));
        }
    }

    private static IReadOnlyList<Span> Decode(string log) => EventLog2019Reader.Decode(Encoding.UTF8.GetBytes(log));
}
