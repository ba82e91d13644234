using DhtTracer.Analysis.Lint;
using DhtTracer.Analysis.Statistics.Comparing;

namespace DhtTracer.Web.Text;

/// <summary>An attribute of operations in words.</summary>
internal static class SharedAttributeText
{
    private const int LongestName = 80;

    /// <summary>For example <c>3-5 dials failed</c>. Names from spans are cut.</summary>
    public static string Of(SharedAttribute attribute)
    {
        ArgumentNullException.ThrowIfNull(attribute);
        var name = attribute.Name.Length <= LongestName ? attribute.Name : attribute.Name[..LongestName] + "…";
        return attribute.Kind switch
        {
            AttributeKind.Error => $"ended with {Wording.OfName(name)}",
            AttributeKind.PeerError => $"a dial or request failed: {Wording.OfName(name)}",
            AttributeKind.Agent => $"met {name}",
            AttributeKind.FailedDials when name == "none" => "no dial failed",
            AttributeKind.FailedDials => $"{name} dials failed",
            AttributeKind.Hops => $"hops: {name}",
            AttributeKind.HourOfDay => $"started in the hour from {name} UTC",
            _ => $"{name}: {LintRules.Find(name)?.Title}",
        };
    }
}
