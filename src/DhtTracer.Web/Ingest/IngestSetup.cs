namespace DhtTracer.Web.Ingest;

/// <summary>A listener of the process, as the ingest page shows it.</summary>
/// <param name="Title">Name in the start message: <c>OTLP over HTTP</c>.</param>
/// <param name="Receiver">Its name in the statistics when it takes spans, such as <c>otlp-http</c>; null for a listener that only
/// answers.</param>
/// <param name="Option">Option that sets its port.</param>
/// <param name="Address">Where it listens; null when it is off.</param>
public sealed record ListenerState(string Title, string? Receiver, string Option, string? Address);

/// <summary>What the host tells the ingest page of the process.</summary>
/// <param name="Listeners">Asked each time: ports are bound one after the other.</param>
/// <param name="Keep">Traces to which nothing was added for this long are deleted; null keeps everything.</param>
/// <param name="KeepBytes">While the archive needs more bytes than this, the oldest traces are deleted; null sets no limit.</param>
public sealed record IngestSetup(Func<IReadOnlyList<ListenerState>> Listeners, TimeSpan? Keep, long? KeepBytes = null);
