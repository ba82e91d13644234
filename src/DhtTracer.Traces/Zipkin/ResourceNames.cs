namespace DhtTracer.Traces.Zipkin;

/// <summary>
/// Attribute names that OpenTelemetry's semantic conventions define for resources. Zipkin has no resource, so its exporters write them as
/// tags of every span.
/// </summary>
internal static class ResourceNames
{
    // Groups in which every attribute describes a resource, never a single span.
    private static readonly string[] Groups =
    [
        "telemetry.sdk.",
        "telemetry.distro.",
        "host.",
        "os.",
        "k8s.",
        "container.",
        "deployment.",
        "cloud.",
        "device.",
        "process.runtime.",
    ];

    private static readonly HashSet<string> Names = new(StringComparer.Ordinal)
    {
        "service.version",
        "service.namespace",
        "service.instance.id",
        "process.pid",
        "process.parent_pid",
        "process.executable.name",
        "process.executable.path",
        "process.command",
        "process.command_args",
        "process.command_line",
        "process.owner",
        "faas.name",
        "faas.id",
        "faas.version",
        "faas.instance",
        "faas.max_memory",
    };

    /// <summary>Whether a tag belongs to the resource. <c>service.name</c> does not: in Zipkin it is in the local endpoint.</summary>
    public static bool IsResource(string key) =>
        Names.Contains(key) || Array.Exists(Groups, group => key.StartsWith(group, StringComparison.Ordinal));
}
