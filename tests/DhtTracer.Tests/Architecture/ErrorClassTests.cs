using System.Reflection;
using System.Text.RegularExpressions;
using DhtTracer.Analysis;
using DhtTracer.Kademlia;
using DhtTracer.TestSupport;

namespace DhtTracer.Tests.Architecture;

/// <summary>What the node emits, what the analysis reads and what the conventions say are one list.</summary>
public sealed partial class ErrorClassTests
{
    [Fact]
    public void The_node_and_the_analysis_know_the_same_error_classes_under_the_same_names() =>
        Assert.Equal(Constants(typeof(ErrorClass)), Constants(typeof(DhtErrorClass)));

    [Fact]
    public void All_of_them_are_shown() =>
        Assert.Equal(Constants(typeof(ErrorClass)).Values.Order(StringComparer.Ordinal), ErrorClass.All.Order(StringComparer.Ordinal));

    [Fact]
    public void The_conventions_list_them_in_the_same_order()
    {
        var text = File.ReadAllText(Path.Combine(TestFiles.Repository, "docs", "span-conventions.md"));
        var section = text[text.IndexOf("## Error classes", StringComparison.Ordinal)..];
        Assert.Equal(ErrorClass.All, Quoted().Matches(section).Select(match => match.Groups[1].Value));
    }

    [Fact]
    public void The_words_for_states_outcomes_and_terminations_are_the_same()
    {
        // What came of an ADD_PROVIDER, and what was lost on the way, only a reader of traces must say.
        Assert.Equal(
            Words<PeerState>().Except(["sent", "unknown"]),
            Enum.GetValues<LookupPeerState>().Select(state => state.ToText()).Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            Words<QueryTermination>(),
            Enum.GetValues<LookupTermination>().Select(reason => reason.ToText()).Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            Words<QueryType>().Except(["unknown"]),
            Enum.GetValues<DhtQueryType>().Select(type => type.ToText()).Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            Words<MessageType>().Except(["unknown"]),
            Enum.GetValues<KadMessageType>().Select(type => type.ToText()).Order(StringComparer.Ordinal)
        );

        // A query whose root never came is incomplete, and a request that never ended has no answer: only a reader can say so.
        Assert.Equal(
            Words<QueryOutcome>().Except(["incomplete", "unknown"]),
            Enum.GetValues<DhtQueryOutcome>().Select(outcome => outcome.ToText()).Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            Words<Analysis.RequestOutcome>().Except(["no-answer", "sent", "unknown"]),
            Enum.GetValues<Kademlia.RequestOutcome>().Select(outcome => outcome.ToText()).Order(StringComparer.Ordinal)
        );
    }

    private static SortedDictionary<string, string> Constants(Type type) =>
        new(
            type.GetFields(BindingFlags.Public | BindingFlags.Static)
                .Where(field => field.IsLiteral)
                .ToDictionary(field => field.Name, field => (string)field.GetRawConstantValue()!),
            StringComparer.Ordinal
        );

    private static IEnumerable<string> Words<T>()
        where T : struct, Enum =>
        Enum.GetValues<T>().Select(value => System.Text.Json.JsonSerializer.Serialize(value).Trim('"')).Order(StringComparer.Ordinal);

    [GeneratedRegex("`([a-z-]+)`")]
    private static partial Regex Quoted();
}
