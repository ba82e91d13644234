namespace DhtTracer.Node;

/// <summary>The control server as services and as the pipeline of its port.</summary>
internal static class ControlPort
{
    /// <summary>Adds the server and who may use it.</summary>
    /// <param name="services">Services.</param>
    /// <param name="origins">Origins, beside those of this machine, whose pages may use it.</param>
    public static IServiceCollection AddControlServer(this IServiceCollection services, IReadOnlyList<string> origins)
    {
        services.AddCors();
        services.AddRouting();
        services.AddSingleton(new ControlOrigins(origins));
        services.AddSingleton<ControlServer>();
        return services;
    }

    /// <summary>Puts the server on the pipeline of its port.</summary>
    public static void UseControlServer(this IApplicationBuilder port)
    {
        var server = port.ApplicationServices.GetRequiredService<ControlServer>();
        var origins = port.ApplicationServices.GetRequiredService<ControlOrigins>();
        port.Use((context, next) => origins.CheckAsync(context, next));
        port.UseCors(origins.Allow);
        port.UseRouting();
        port.UseEndpoints(server.Map);
    }
}
