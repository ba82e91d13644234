using System.Reflection;
using System.Text.RegularExpressions;
using DhtTracer.TestSupport;

namespace DhtTracer.Tests.Architecture;

/// <summary>The vocabulary in code and the vocabulary in docs/span-conventions.md are one list.</summary>
public sealed partial class VocabularyTests
{
    private static readonly string Conventions = File.ReadAllText(Path.Combine(TestFiles.Repository, "docs", "span-conventions.md"));

    [Fact]
    public void All_error_classes_are_shown() =>
        Assert.Equal(Constants(typeof(ErrorClass)).Order(StringComparer.Ordinal), ErrorClass.All.Order(StringComparer.Ordinal));

    [Fact]
    public void The_document_lists_the_error_classes_in_the_same_order()
    {
        var section = Conventions[Conventions.IndexOf("## Error classes", StringComparison.Ordinal)..];
        Assert.Equal(ErrorClass.All, Quoted().Matches(section).Select(match => match.Groups[1].Value));
    }

    [Fact]
    public void The_document_names_every_span_event_and_attribute_and_no_other()
    {
        var known = new[] { typeof(NativeAttributes), typeof(NativeSpans), typeof(NativeEvents) }
            .SelectMany(Constants)
            .Where(name => name.StartsWith("dht.", StringComparison.Ordinal))
            .Distinct();
        var documented = Native().Matches(Conventions).Select(match => match.Groups[1].Value).Distinct();

        Assert.Equal(known.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Constants(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(field => field.IsLiteral)
            .Select(field => (string)field.GetRawConstantValue()!);

    [GeneratedRegex("`([a-z-]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex("`(dht\\.[a-z._]+)`")]
    private static partial Regex Native();
}
